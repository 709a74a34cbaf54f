/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the attach path adds to the driver's entry points
 */
#ifndef _INTEL_IOMMU_H_
#define _INTEL_IOMMU_H_

/* Step: attach */
int paging_domain_compatible_first_stage(struct dmar_domain *dmar_domain,
					 struct intel_iommu *iommu);
int paging_domain_compatible_second_stage(struct dmar_domain *dmar_domain,
					  struct intel_iommu *iommu);
#ifdef CONFIG_INTEL_IOMMU_SVM
int intel_iommu_sva_supported(struct device *dev);
#else
static inline int intel_iommu_sva_supported(struct device *dev)
{
	return -ENODEV;
}
#endif

/* For the operation tables in iommu.c, nested.c and svm.c */
int intel_iommu_attach_device(struct iommu_domain *domain, struct device *dev,
			      struct iommu_domain *old);
int intel_iommu_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old);
int intel_iommu_set_dirty_tracking(struct iommu_domain *domain, bool enable);
bool intel_iommu_enforce_cache_coherency(struct iommu_domain *domain);

/* Step: vtd-out */
void iommu_set_root_entry(struct intel_iommu *iommu);

/* Step: attach */
#endif /* _INTEL_IOMMU_H_ */
