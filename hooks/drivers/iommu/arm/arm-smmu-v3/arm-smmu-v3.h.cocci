// SPDX-License-Identifier: GPL-2.0
//
// arm_smmu_write_entry() is in a file of its own, not visible to tests alone.
//
// Once: void arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, __le64 *entry,
// Gone: void arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, __le64 *cur,

@@
@@
- void arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, __le64 *cur, const __le64 *target);

@@
@@
+void arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, __le64 *entry,
+			  const __le64 *target);
  void arm_smmu_make_abort_ste(...);
