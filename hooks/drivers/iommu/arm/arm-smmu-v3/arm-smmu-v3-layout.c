// SPDX-License-Identifier: GPL-2.0
/*
 * The formats of SMMUv3's entries as tables of fields
 *
 * As the specification has them, apart from arm-smmu-v3.c; and how the driver
 * wrote these entries before it used entry_sync, to compare. Words are those of
 * a little-endian CPU.
 */

#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/log2.h>

#include "arm-smmu-v3-layout.h"

/* The types of stream table entries, type 0 is invalid */
#define BYPASS		BIT(2)
#define S1		BIT(3)
#define S1_BYPASS	BIT(4)
#define S2		BIT(5)
#define NESTED		BIT(6)
#define NESTED_BYPASS	BIT(7)
#define ANY_S1		(S1 | S1_BYPASS | NESTED | NESTED_BYPASS)
#define ANY_S2		(S2 | NESTED | NESTED_BYPASS)

#define EATS_TRANS	BIT_ULL(28)
#define EATS_S1CHK	BIT_ULL(29)
#define S2S		BIT_ULL(57)

/* ATS is off while EATS changes, but EATS=0b11 and EATS=1 with S2S are bad. */
static bool eats_is_safe(const u64 *old, const u64 *new)
{
	return !((old[1] | new[1]) & EATS_S1CHK) && !((old[2] | new[2]) & S2S);
}

/* Events may be merged or not, whatever MEV is. */
static bool mev_is_safe(const u64 *old, const u64 *new)
{
	return true;
}

static const struct entry_field ste_fields[] = {
	{ "S1ContextPtr", 0, GENMASK_ULL(63, 59) | GENMASK_ULL(51, 4), ANY_S1 },
	{ "S1CIR",  1, GENMASK_ULL(31, 30) | BIT_ULL(27) | GENMASK_ULL(7, 2), ANY_S1 },
	{ "MEV",    1, BIT_ULL(19), ANY_S1 | ANY_S2, mev_is_safe },
	{ "EATS",   1, EATS_TRANS,  ANY_S1 | ANY_S2, eats_is_safe },
	{ "S1CHK",  1, EATS_S1CHK,  ANY_S1 | ANY_S2 },
	{ "S2FWB",  1, BIT_ULL(25), ANY_S2 },
	{ "SHCFG",  1, GENMASK_ULL(45, 44), BYPASS | S1_BYPASS | ANY_S2 },
	{ "S2VMID", 2, GENMASK_ULL(15, 0), ANY_S1 | ANY_S2 },
	{ "VTCR",   2, GENMASK_ULL(52, 32) | BIT_ULL(54) | BIT_ULL(58), ANY_S2 },
	{ "S2S",    2, S2S, ANY_S2 },
	{ "S2TTB",  3, GENMASK_ULL(51, 4), ANY_S2 },
};

static void ste_get_used(const u64 *entry, u64 *used)
{
	entry_layout_get_used(&arm_smmu_ste_layout, entry, used);
}

static void ste_get_update_safe(const u64 *cur, const u64 *target, u64 *safe)
{
	entry_layout_get_update_safe(&arm_smmu_ste_layout, cur, target, safe);
}

const struct entry_layout arm_smmu_ste_layout = {
	.name = "stream table entry",
	.format = {
		.ops = {
			.get_used = ste_get_used,
			.get_update_safe = ste_get_update_safe,
		},
		.num_words = 8,
		.present_mask = BIT_ULL(0),
		.clear_with_present = { ~0ULL },
	},
	.fields = ste_fields,
	.num_fields = ARRAY_SIZE(ste_fields),
	.types = { "invalid", "abort", "bypass", "S1", "S1 DSS", "S2", "nested",
		   "nested DSS" },
	.type_mask = GENMASK_ULL(3, 1),
	.type_value = { 0, 0, 4 << 1, 5 << 1, 5 << 1, 6 << 1, 7 << 1, 7 << 1 },
	/* What becomes of requests without a substream: CD 0, or bypass */
	.subtype_types = ANY_S1,
	.subtype_word = 1,
	.subtype_mask = GENMASK_ULL(1, 0),
	.subtype_value = { 0, 0, 0, 2, 1, 0, 2, 1 },
	.num_types = 8,
};

/* The types of context descriptors: with a table for TTB0, or without one */
#define TABLE		BIT(1)
#define NO_TABLE	BIT(2)

#define EPD0		BIT_ULL(14)

static const struct entry_field cd_fields[] = {
	{ "TCR",     0, GENMASK_ULL(13, 0), TABLE },
	{ "ASID",    0, GENMASK_ULL(63, 32) | GENMASK_ULL(30, 15), TABLE | NO_TABLE },
	{ "TTB0",    1, GENMASK_ULL(51, 4), TABLE },
	{ "HAFT",    1, ~GENMASK_ULL(51, 4), TABLE | NO_TABLE },
	{ "word 2",  2, ~0ULL, TABLE | NO_TABLE },
	{ "MAIR",    3, ~0ULL, TABLE | NO_TABLE },
	{ "word 4",  4, ~0ULL, TABLE | NO_TABLE },
	{ "word 5",  5, ~0ULL, TABLE | NO_TABLE },
	{ "word 6",  6, ~0ULL, TABLE | NO_TABLE },
	{ "word 7",  7, ~0ULL, TABLE | NO_TABLE },
};

static void cd_get_used(const u64 *entry, u64 *used)
{
	entry_layout_get_used(&arm_smmu_cd_layout, entry, used);
}

const struct entry_layout arm_smmu_cd_layout = {
	.name = "context descriptor",
	.format = {
		.ops = {
			.get_used = cd_get_used,
		},
		.num_words = 8,
		.present_mask = BIT_ULL(31),
		.clear_with_present = { ~0ULL },
	},
	.fields = cd_fields,
	.num_fields = ARRAY_SIZE(cd_fields),
	.types = { "invalid", "table", "no table" },
	.type_mask = EPD0,
	.type_value = { 0, 0, EPD0 },
	.num_types = 3,
};

/* What one VM's or one kernel driver's tables differ in, and another's */
#define S1_TABLE	"S1ContextPtr"
#define S2_TABLE	"S2VMID VTCR S2TTB"
#define TABLES		S1_TABLE " " S2_TABLE

static const struct entry_layout_change ste_changes[] = {
	{ 0, 1, "", "hitless  1 1" },
	{ 1, 2, "", "hitless  2 2" },
	{ 1, 3, TABLES, "hitless  3 2" },
	{ 1, 4, TABLES, "hitless  3 2" },
	{ 1, 5, TABLES, "hitless  4 2" },
	{ 1, 6, TABLES, "hitless  4 2" },
	{ 2, 1, "", "hitless  2 2" },
	{ 2, 3, TABLES, "hitless  4 3" },
	{ 2, 4, TABLES, "hitless  3 2" },
	{ 2, 5, TABLES, "hitless  4 2" },
	{ 2, 6, TABLES, "hitless  4 2" },
	{ 3, 1, TABLES, "hitless  3 2" },
	{ 3, 2, TABLES, "hitless  4 3" },
	{ 3, 3, S1_TABLE, "hitless  1 1" },
	{ 3, 3, "EATS", "hitless  1 1" },
	{ 3, 4, "", "hitless  1 1" },
	{ 3, 4, S1_TABLE, "breaking 3 3" },
	{ 3, 5, "VTCR S2TTB", "hitless  5 3" },
	{ 3, 5, S2_TABLE, "breaking 5 3" },
	{ 4, 1, TABLES, "hitless  3 2" },
	{ 4, 2, TABLES, "hitless  3 2" },
	{ 4, 3, "", "hitless  1 1" },
	{ 4, 3, "EATS", "hitless  1 1" },
	{ 5, 1, TABLES, "hitless  4 2" },
	{ 5, 2, TABLES, "hitless  4 2" },
	{ 5, 3, S1_TABLE, "hitless  5 3" },
	{ 5, 3, TABLES, "breaking 5 3" },
	{ 5, 5, "EATS", "hitless  1 1" },
	{ 5, 5, "EATS S2S", "breaking 4 3" },
	{ 5, 5, S2_TABLE, "breaking 4 3" },
	{ 5, 6, S1_TABLE, "hitless  2 2" },
	{ 5, 6, S1_TABLE " EATS", "hitless  2 2" },
	{ 5, 7, S1_TABLE, "hitless  2 2" },
	{ 6, 1, TABLES, "hitless  4 2" },
	{ 6, 2, TABLES, "hitless  4 2" },
	{ 6, 5, S1_TABLE, "hitless  2 2" },
	{ 6, 5, S1_TABLE " EATS", "hitless  3 3" },
	{ 6, 6, S1_TABLE, "hitless  1 1" },
	{ 6, 7, "", "hitless  1 1" },
	{ 1, 0, "", "hitless  1 1" },
};

static const struct entry_layout_change cd_changes[] = {
	{ 0, 1, "all", "hitless  8 2" },
	{ 0, 2, "all", "hitless  8 2" },
	{ 1, 0, "all", "hitless  8 2" },
	{ 1, 1, "ASID", "hitless  1 1" },
	{ 1, 1, "TTB0", "hitless  1 1" },
	{ 1, 1, "ASID TTB0", "breaking 3 3" },
	{ 1, 1, "TCR ASID TTB0 MAIR", "breaking 4 3" },
	{ 1, 2, "", "hitless  2 2" },
	{ 2, 0, "all", "hitless  8 2" },
	{ 2, 1, "", "hitless  2 2" },
};

/* Store the words that differ, and sync if there were any */
static void set_words(struct entry_sync *es, const u64 *value,
		      unsigned int first, unsigned int num)
{
	bool stored = false;
	unsigned int i;

	for (i = first; i < first + num; i++) {
		if (es->entry[i] == value[i])
			continue;
		entry_sync_check_store(es, i, &value[i]);
		stored = true;
	}
	if (stored)
		es->ops->sync(es, false);
}

/*
 * The old order: all that is free to change; the one word that is not; what is
 * left. If there are more such words, by way of a first word that is zero.
 */
static struct entry_sync_result write_before(struct entry_sync *es,
					     const u64 *target)
{
	u64 used[ENTRY_SYNC_MAX_WORDS] = {}, wanted[ENTRY_SYNC_MAX_WORDS] = {};
	u64 safe[ENTRY_SYNC_MAX_WORDS] = {}, free[ENTRY_SYNC_MAX_WORDS];
	unsigned int i, word, critical = 0;

	es->ops->get_used(es->entry, used);
	es->ops->get_used(target, wanted);
	if (es->ops->get_update_safe)
		es->ops->get_update_safe(es->entry, target, safe);
	for (i = 0; i < es->num_words; i++) {
		used[i] &= ~(safe[i] & wanted[i]);
		free[i] = (es->entry[i] & used[i]) | (target[i] & ~used[i]);
		if ((free[i] ^ target[i]) & wanted[i])
			critical |= BIT(i);
	}

	if (is_power_of_2(critical)) {
		word = __ffs(critical);
		free[word] = es->entry[word];
		set_words(es, free, 0, es->num_words);
		set_words(es, target, word, 1);
	} else if (critical) {
		free[0] = 0;
		set_words(es, free, 0, 1);
		set_words(es, target, 1, es->num_words - 1);
	}
	set_words(es, target, 0, es->num_words);
	return (struct entry_sync_result){};
}

/**
 * arm_smmu_ste_compare - print what changes of STEs took, and what they take
 * @ck: the checker
 * @print: called with the table, line by line
 *
 * Context: Any.
 */
void arm_smmu_ste_compare(struct entry_sync_check *ck,
			  void (*print)(const char *line))
{
	entry_layout_compare(&arm_smmu_ste_layout, ste_changes,
			     ARRAY_SIZE(ste_changes), 1, write_before, ck, print);
}

/**
 * arm_smmu_cd_compare - print what changes of CDs took, and what they take
 * @ck: the checker
 * @print: called with the table, line by line
 *
 * Context: Any.
 */
void arm_smmu_cd_compare(struct entry_sync_check *ck,
			 void (*print)(const char *line))
{
	entry_layout_compare(&arm_smmu_cd_layout, cd_changes,
			     ARRAY_SIZE(cd_changes), 1, write_before, ck, print);
}
