// SPDX-License-Identifier: GPL-2.0
//
// KUnit gives all that a unit is told to a model of it.
//
// An error in any descriptor of a submission is cleared, or its sender waits
// for ever: there are several in one.
//
// Once: iommu->quantum_words = entry_sync_quantum_words(2);
// Once: static bool qi_is_within(
// Once: if (qi_is_within(head >> shift, index, wait_index)) {
// Once: #include <kunit/static_stub.h>
// Once: KUNIT_STATIC_STUB_REDIRECT(qi_submit_sync,

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

// The same for all entries of a unit
@@
expression iommu;
@@
	snprintf(iommu->name, sizeof(iommu->name), "dmar%d", iommu->seq_id);
+	iommu->quantum_words = entry_sync_quantum_words(2);

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
