// SPDX-License-Identifier: GPL-2.0
//
// KUnit gives all that a unit is told to a model of it.
//
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
