// SPDX-License-Identifier: GPL-2.0
//
// Every operation table leads to the one attach path, and what a domain is on
// its units lives as long as the domain.
//
// Once: .attach_dev		= intel_iommu_attach_device,
// Once: .set_dev_pasid		= intel_iommu_set_dev_pasid,
// Once: domain_free_units(

@@
@@
- intel_nested_attach_dev
+ intel_iommu_attach_device

@@
@@
- intel_nested_set_dev_pasid
+ intel_iommu_set_dev_pasid

@@
expression domain;
@@
  intel_nested_domain_free(...)
  {
	...
+	domain_free_units(domain);
	kfree(domain->qi_batch);
	...
  }
