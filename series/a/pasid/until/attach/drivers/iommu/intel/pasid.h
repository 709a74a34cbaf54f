/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _INTEL_PASID_H
#define _INTEL_PASID_H

int pasid_entry_set(struct device_domain_info *info, u32 pasid,
		    struct iommu_domain *domain, u16 did);
bool pasid_entry_has_did(struct device_domain_info *info, u32 pasid, u16 did);
void pasid_entry_clear(struct device_domain_info *info, u32 pasid);

#endif
