// SPDX-License-Identifier: GPL-2.0
//
// The operation table leads to the one attach path, which asks whether a device
// can have SVA; what a domain is on its units lives as long as the domain.
//
// Once: .set_dev_pasid		= intel_iommu_set_dev_pasid,
// Once: int intel_iommu_sva_supported(
// Once: domain_free_units(

@@
@@
- intel_svm_set_dev_pasid
+ intel_iommu_set_dev_pasid

@@
@@
- static
  int intel_iommu_sva_supported(...) { ... }

@@
expression domain;
@@
  intel_mm_free_notifier(...)
  {
	...
+	domain_free_units(domain);
	kfree(domain->qi_batch);
	...
  }
