// SPDX-License-Identifier: GPL-2.0
/*
 * The format of AMD's device table entries as a table of fields
 *
 * As the specification has it, apart from dte.c; and how the driver wrote these
 * entries before it used entry_sync, to compare.
 */

#include <linux/bits.h>
#include <linux/kernel.h>

#include "dte_layout.h"

#define V		BIT_ULL(0)
#define GV		BIT_ULL(55)
#define GPT_LEVEL	GENMASK_ULL(55, 54)

/* The types, type 0 blocks: it is valid, but has no translation information */
#define BLOCKED	BIT(0)
#define PASS	BIT(1)
#define HOST	BIT(2)
#define GUEST	BIT(3)
#define NESTED	BIT(4)
#define TRANSLATES	(PASS | HOST | GUEST | NESTED)

static const struct entry_field dte_fields[] = {
	{ "V",          0, V,                                         BLOCKED | TRANSLATES },
	{ "IR IW",      0, GENMASK_ULL(62, 61),                       BLOCKED | TRANSLATES },
	{ "PPR",        0, BIT_ULL(52),                               TRANSLATES },
	{ "host root",  0, GENMASK_ULL(51, 12) | GENMASK_ULL(8, 7),   HOST | NESTED },
	{ "GLX",        0, GENMASK_ULL(60, 56) | BIT_ULL(54),         GUEST | NESTED },
	{ "DomainID",   1, GENMASK_ULL(15, 0) | BIT_ULL(32),          TRANSLATES },
	{ "GCR3",       1, GENMASK_ULL(63, 43) | GENMASK_ULL(31, 16), GUEST | NESTED },
	{ "SysMgt",     1, GENMASK_ULL(41, 40),                       BLOCKED | TRANSLATES },
	{ "levels",     2, GPT_LEVEL,                                 GUEST | NESTED },
	{ "interrupts", 2, ~GENMASK_ULL(55, 52),                      BLOCKED | TRANSLATES },
	{ "attributes", 3, ~0ULL,                                     BLOCKED | TRANSLATES },
};

static void dte_get_used(const u64 *entry, u64 *used)
{
	entry_layout_get_used(&amd_iommu_dte_layout, entry, used);
}

const struct entry_layout amd_iommu_dte_layout = {
	.name = "device table entry",
	.format = {
		.ops = {
			.get_used = dte_get_used,
		},
		.num_words = 4,
		.present_mask = BIT_ULL(1),
		.clear_with_present = {
			~(GENMASK_ULL(62, 61) | V), ~GENMASK_ULL(41, 40),
		},
	},
	.fields = dte_fields,
	.num_fields = ARRAY_SIZE(dte_fields),
	.types = { "blocked", "pass", "host", "guest", "nested" },
	.type_mask = GENMASK_ULL(11, 9) | GV,
	.type_value = { 0, 0, 3ULL << 9, GV, 3ULL << 9 | GV },
	.num_types = 5,
};

/* The changes of which the driver is made up; interrupts never change. */
#define ROOTS	"host root GLX DomainID GCR3"
#define ALL	ROOTS " levels"

static const struct entry_layout_change dte_changes[] = {
	{ 0, 1, ALL, "hitless  1 1" },
	{ 0, 2, ALL, "hitless  1 1" },
	{ 0, 3, ALL, "hitless  2 2" },
	{ 0, 4, ALL, "hitless  2 2" },
	{ 1, 0, ALL, "hitless  1 1" },
	{ 1, 1, ALL, "hitless  1 1" },
	{ 1, 2, ALL, "hitless  1 1" },
	{ 1, 3, ALL, "hitless  2 2" },
	{ 1, 4, ALL, "hitless  2 2" },
	{ 2, 0, ALL, "hitless  1 1" },
	{ 2, 1, ALL, "hitless  1 1" },
	{ 2, 2, ALL, "hitless  1 1" },
	{ 2, 3, ALL, "hitless  2 2" },
	{ 2, 4, ALL, "hitless  2 2" },
	{ 3, 0, ALL, "hitless  2 2" },
	{ 3, 1, ALL, "hitless  2 2" },
	{ 3, 2, ALL, "hitless  2 2" },
	{ 3, 3, ROOTS, "hitless  1 1" },
	{ 3, 3, ALL, "breaking 3 3" },
	{ 3, 4, ROOTS, "hitless  1 1" },
	{ 3, 4, ALL, "breaking 3 3" },
	{ 4, 0, ALL, "hitless  2 2" },
	{ 4, 1, ALL, "hitless  2 2" },
	{ 4, 2, ALL, "hitless  2 2" },
	{ 4, 3, ROOTS, "hitless  1 1" },
	{ 4, 3, ALL, "breaking 3 3" },
	{ 4, 4, ROOTS, "hitless  1 1" },
	{ 4, 4, "levels", "hitless  1 1" },
	{ 4, 4, ALL, "breaking 3 3" },
};

/*
 * The old order: the half that the present entry does not look at comes first,
 * and one flush last; or by way of an entry all zero, which lets DMA pass.
 */
static struct entry_sync_result write_before(struct entry_sync *es,
					     const u64 *target)
{
	static const u64 zero[4];
	const u64 *live = es->entry;
	bool was_guest = live[0] & GV, is_guest = target[0] & GV;
	bool levels = (live[2] ^ target[2]) & GPT_LEVEL;

	if (!(live[0] & V) || (target[0] & V && !was_guest)) {
		entry_sync_check_store(es, 2, &target[2]);
		entry_sync_check_store(es, 0, target);
	} else if (!(target[0] & V) || !is_guest) {
		entry_sync_check_store(es, 0, target);
		entry_sync_check_store(es, 2, &target[2]);
	} else if (levels) {
		entry_sync_check_store(es, 0, zero);
		es->ops->sync(es, false);
		entry_sync_check_store(es, 2, &target[2]);
		entry_sync_check_store(es, 0, target);
	} else {
		/* Its caller flushes. */
		entry_sync_check_store(es, 0, target);
		return (struct entry_sync_result){};
	}
	es->ops->sync(es, true);
	return (struct entry_sync_result){};
}

/**
 * amd_iommu_dte_compare - print what changes of entries took, and what they take
 * @ck: the checker
 * @print: called with the table, line by line
 *
 * Before, the driver went by hardware that reads an entry at once, so that is
 * how its way is judged.
 *
 * Context: Any.
 */
void amd_iommu_dte_compare(struct entry_sync_check *ck,
			   void (*print)(const char *line))
{
	ck->whole_fetches = true;
	entry_layout_compare(&amd_iommu_dte_layout, dte_changes,
			     ARRAY_SIZE(dte_changes), 2, write_before, ck, print);
	ck->whole_fetches = false;
}
