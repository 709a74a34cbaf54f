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
// Once: attachments_visit(domain, pasid_entry_tear_down);
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

@@
identifier domain, ap, info, flags;
iterator name list_for_each_entry;
@@
intel_mm_release(...)
{
	...
-	struct dev_pasid_info *ap;
-	struct device_domain_info *info;
-	unsigned long flags;

-	spin_lock_irqsave(&domain->lock, flags);
-	list_for_each_entry(ap, &domain->dev_pasids, link_domain) { ... }
-	spin_unlock_irqrestore(&domain->lock, flags);
+	attachments_visit(domain, pasid_entry_tear_down);
}
