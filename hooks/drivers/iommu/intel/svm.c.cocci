// SPDX-License-Identifier: GPL-2.0
// Step: attach
//
// The operation table leads to the one attach path, which asks whether a device
// can have SVA. An address space that goes away has its entries torn down
// without a lock that another address space needs.
//
// Once: .set_dev_pasid		= intel_iommu_set_dev_pasid,
// Once: int intel_iommu_sva_supported(
// Once: INIT_LIST_HEAD(&domain->units);
// Once: #include "attach.h"

@@
@@
+#include "attach.h"
#include "iommu.h"

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
- INIT_LIST_HEAD(&domain->cache_tags);
+ INIT_LIST_HEAD(&domain->units);

@@
expression domain;
@@
- kfree(domain->qi_batch);
