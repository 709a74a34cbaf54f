// SPDX-License-Identifier: GPL-2.0
//
// Device table entries move by way of entry_sync, in dte.c, which asks for the
// flush of an entry.
//
// Gone: static void iommu_flush_dte_sync(
// Once: void iommu_flush_dte_sync(

@@
typedef u16;
@@
- static void iommu_flush_dte_sync(struct amd_iommu *iommu, u16 devid);

@@
@@
- static
  void iommu_flush_dte_sync(...) { ... }

@@
@@
- update_dte256
+ amd_iommu_write_dte
  (...)
