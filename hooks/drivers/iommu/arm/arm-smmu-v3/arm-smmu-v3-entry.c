// SPDX-License-Identifier: GPL-2.0
/*
 * SMMUv3: stream table entries and context descriptors move by way of
 * entry_sync
 */

#include <kunit/visibility.h>
#include <linux/build_bug.h>
#include <linux/container_of.h>

#include "../../entry_sync.h"
#include "arm-smmu-v3.h"

static_assert(STRTAB_STE_DWORDS == CTXDESC_CD_DWORDS);

/* One update: what entry_sync knows of it, and who is told of its steps */
struct arm_smmu_entry_update {
	struct entry_sync es;
	struct arm_smmu_entry_writer *writer;
};

static void arm_smmu_entry_sync(struct entry_sync *es, bool last)
{
	struct arm_smmu_entry_writer *writer =
		container_of(es, struct arm_smmu_entry_update, es)->writer;

	writer->ops->sync(writer);
}

/**
 * arm_smmu_write_entry - move a live STE or CD to a new value
 * @writer: its format, and how the SMMU is told of a change
 * @entry: the live entry
 * @target: its new value
 *
 * The SMMU reads 64 bits at once, and looks at nothing of an entry in which V
 * is clear. Nothing has to stay then, so all of the word with V is cleared.
 *
 * Entries and masks are little-endian for entry_sync, too: it asks for no byte
 * order but that of the hardware.
 *
 * Context: Any in which the writer's sync may run. The caller is the only writer
 * of the entry.
 */
void arm_smmu_write_entry(struct arm_smmu_entry_writer *writer, __le64 *entry,
			  const __le64 *target)
{
	static const __le64 invalid[STRTAB_STE_DWORDS];
	__le64 used_of_invalid[STRTAB_STE_DWORDS] = {};
	const struct entry_sync_ops ops = {
		.get_used = (__force typeof(ops.get_used))writer->ops->get_used,
		.get_update_safe = (__force typeof(ops.get_update_safe))
			writer->ops->get_update_safe,
		.sync = arm_smmu_entry_sync,
	};
	struct arm_smmu_entry_update update = {
		.es = {
			.ops = &ops,
			.entry = (__force u64 *)entry,
			.num_words = STRTAB_STE_DWORDS,
			.quantum_words = 1,
			.clear_with_present = { ~0ULL },
		},
		.writer = writer,
	};

	/* V is all that hardware looks at of an invalid entry. */
	writer->ops->get_used(invalid, used_of_invalid);
	update.es.present_mask = (__force u64)used_of_invalid[0];
	entry_sync_write(&update.es, (__force const u64 *)target);
}
EXPORT_SYMBOL_IF_KUNIT(arm_smmu_write_entry);
