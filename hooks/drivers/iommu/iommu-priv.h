/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_IOMMU_PRIV_H
#define __LINUX_IOMMU_PRIV_H

bool iommu_handler_is_known(struct iommu_group *group, ioasid_t pasid,
			    const struct iommu_domain *domain);
void iommu_group_restore(struct iommu_group *group, struct iommu_domain *domain);
bool iommu_group_settle(struct iommu_group *group);

#endif /* __LINUX_IOMMU_PRIV_H */
