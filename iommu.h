/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rework's half of the VT-d driver: what its files share
 *
 * The kernel's own header is staged as iommu_base.h.
 */
#ifndef _INTEL_IOMMU_REWORK_H_
#define _INTEL_IOMMU_REWORK_H_

#include "iommu_base.h"

struct pasid_entry;

/* The kernel's half, opened for the attach path by base.cocci */
int paging_domain_compatible_first_stage(struct dmar_domain *dmar_domain,
					 struct intel_iommu *iommu);
int paging_domain_compatible_second_stage(struct dmar_domain *dmar_domain,
					  struct intel_iommu *iommu);
bool domain_support_force_snooping(struct dmar_domain *domain);
void iommu_enable_pci_ats(struct device_domain_info *info);
void iommu_disable_pci_ats(struct device_domain_info *info);
#ifdef CONFIG_INTEL_IOMMU_SVM
int intel_iommu_sva_supported(struct device *dev);
#else
static inline int intel_iommu_sva_supported(struct device *dev)
{
	return -ENODEV;
}
#endif

/* The attach path (iommu.c), called from the kernel's operation tables */
int intel_iommu_attach_dev(struct iommu_domain *domain, struct device *dev,
			   struct iommu_domain *old);
int intel_iommu_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old);
int intel_iommu_set_dirty_tracking(struct iommu_domain *domain, bool enable);
bool intel_iommu_enforce_cache_coherency_fs(struct iommu_domain *domain);

/* Domain ids (did.c) */
int domain_attach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu);
void domain_detach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu);
void domain_free_dids(struct dmar_domain *domain);

/* Context entries (context.c) */
int context_entries_alloc(struct device_domain_info *info);
void context_entries_install(struct device_domain_info *info,
			     struct iommu_domain *domain);

/* Invalidation of what an entry's change affects (cache.c) */
void inv_init(struct qi_batch *batch);
void inv_fence(struct qi_batch *batch);
void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid, u64 type);
void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid, u64 gran);
void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu, u16 did,
	       u64 type);
void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid);
void inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		u32 pasid);
void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu);
bool domain_has_cache_tags(struct iommu_domain *domain);

#endif /* _INTEL_IOMMU_REWORK_H_ */
