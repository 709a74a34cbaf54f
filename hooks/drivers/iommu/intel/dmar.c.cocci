// SPDX-License-Identifier: GPL-2.0

// Step: qi-fault
// Once: static bool qi_is_within(
// Once: if (qi_is_within(head >> shift, index, wait_index)) {

// An error in any descriptor of a submission is cleared, or its sender waits for
// ever: there are several in one.
@@
@@
+static bool qi_is_within(int place, int index, int wait_index);
+
qi_check_fault(...)
{
	...
}

@@
expression head, shift, index;
@@
qi_check_fault(...)
{
	<...
-	(head >> shift) == index
+	qi_is_within(head >> shift, index, wait_index)
	...>
}

// Step: inval
// Gone: while (READ_ONCE(qi->desc_status[wait_index]) != QI_DONE) {
// Once: static inline int qi_complete(struct intel_iommu *iommu, int index, int count);
// Once: if (options & QI_OPT_POST) {
// Once: rc = qi_complete(iommu, index, count);
// Once: iommu->quantum_words = entry_sync_quantum_words(2);
// Once: #include <kunit/static_stub.h>
// Once: KUNIT_STATIC_STUB_REDIRECT(qi_submit_sync,

// KUnit gives all that a unit is told to a model of it.
@@
@@
+ #include <kunit/static_stub.h>
#include <linux/pci.h>

@@
identifier iommu, desc, count, options;
type I, D, C, O;
@@
  int qi_submit_sync(I iommu, D desc, C count, O options)
  {
+	KUNIT_STATIC_STUB_REDIRECT(qi_submit_sync, iommu, desc, count, options);
+
	...
  }

// Who sends something to several units waits for all of them at once.
@@
identifier iommu, qi, count, options, index, wait_index, rc, flags, i;
@@
int qi_submit_sync(struct intel_iommu *iommu, ..., unsigned int count, unsigned long options)
{
	<...
	writel(..., iommu->reg + DMAR_IQT_REG);
-	while (READ_ONCE(qi->desc_status[wait_index]) != QI_DONE) {
-		rc = qi_check_fault(iommu, index, wait_index);
-		...
-	}
-	for (i = 0; i <= count; i++)
-		qi->desc_status[(index + i) % QI_LENGTH] = QI_FREE;
-	reclaim_free_desc(qi);
+	if (options & QI_OPT_POST) {
+		raw_spin_unlock_irqrestore(&qi->q_lock, flags);
+		return index;
+	}
+	rc = qi_complete(iommu, index, count);
	raw_spin_unlock_irqrestore(&qi->q_lock, flags);
	...>
}

// The same for all entries of a unit
@@
expression iommu;
@@
	snprintf(iommu->name, sizeof(iommu->name), "dmar%d", iommu->seq_id);
+	iommu->quantum_words = entry_sync_quantum_words(2);

@@
@@
+static inline int qi_complete(struct intel_iommu *iommu, int index, int count);
+
qi_check_fault(...)
{
	...
}

// Step: vtd-boot
// Once: vf_inherit_msi_domain(dev);

// After a live update there may be virtual functions before there are units. The
// physical one comes first.
@@
identifier dev;
@@
dmar_dev_scope_init(void)
{
	<...
	if (dev->is_virtfn)
-		continue;
+	{
+		vf_inherit_msi_domain(dev);
+		continue;
+	}
	...>
}
