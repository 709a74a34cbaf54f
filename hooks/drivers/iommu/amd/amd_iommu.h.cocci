// SPDX-License-Identifier: GPL-2.0
//
// Once: void amd_iommu_dte_get_used(const u64 *entry, u64 *used);
// Once: void iommu_flush_dte_sync(struct amd_iommu *iommu, u16 devid);

@@
typedef u16, u64;
@@
  struct iommu_dev_data *search_dev_data(...);
+
+void amd_iommu_dte_get_used(const u64 *entry, u64 *used);
+void amd_iommu_write_dte(struct amd_iommu *iommu, struct iommu_dev_data *dev_data,
+			 const struct dev_table_entry *new);
+void iommu_flush_dte_sync(struct amd_iommu *iommu, u16 devid);
