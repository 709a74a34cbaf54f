/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_IOMMU_PRIV_H
#define __LINUX_IOMMU_PRIV_H

/* Step: core */
struct iommu_liveupdate_ops;

/* Step: handler */
bool iommu_handler_is_known(struct iommu_group *group, ioasid_t pasid,
			    const struct iommu_domain *domain);

/* Step: core */
#ifdef CONFIG_IOMMU_LIVEUPDATE
void iommu_group_restore(struct iommu_group *group, struct iommu_domain *domain);
bool iommu_group_settle(struct iommu_group *group, struct device *dev,
			const struct iommu_liveupdate_ops *ops,
			u16 segment, u16 sid);
int iommu_end_deferral(struct device *dev);
#else
static inline int iommu_end_deferral(struct device *dev)
{
	return 0;
}
#endif

/* Step: kunit */
#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
void iommu_group_forget(struct iommu_group *group);
#endif

/* Step: handler */
#endif /* __LINUX_IOMMU_PRIV_H */
