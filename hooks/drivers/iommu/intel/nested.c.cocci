// SPDX-License-Identifier: GPL-2.0
// Step: attach
//
// The operation table leads to the one attach path.
//
// Once: .attach_dev		= intel_iommu_attach_device,
// Once: .set_dev_pasid		= intel_iommu_set_dev_pasid,
// Once: INIT_LIST_HEAD(&domain->units);

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
- INIT_LIST_HEAD(&domain->devices);

@@
expression domain;
@@
- INIT_LIST_HEAD(&domain->cache_tags);
+ INIT_LIST_HEAD(&domain->units);

@@
expression domain;
@@
- xa_init(&domain->iommu_array);

@@
expression domain;
@@
- kfree(domain->qi_batch);
