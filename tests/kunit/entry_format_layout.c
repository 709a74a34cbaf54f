// SPDX-License-Identifier: GPL-2.0
/*
 * The formats of VT-d's entries as tables of fields
 *
 * As the specification has them, apart from entry_format.c.
 */

#include <linux/bits.h>
#include <linux/kernel.h>

#include "../entry_format.h"
#include "entry_format_layout.h"

/* The types of PASID entries, type 0 is none */
#define FS	BIT(1)
#define SS	BIT(2)
#define NESTED	BIT(3)
#define PT	BIT(4)

static const struct entry_field pasid_fields[] = {
	{ "AW",      0, GENMASK_ULL(4, 2),   FS | SS | NESTED | PT },
	{ "SSADE",   0, BIT_ULL(9),               SS | NESTED },
	{ "SSPTPTR", 0, GENMASK_ULL(63, 12),      SS | NESTED },
	{ "DID",     1, GENMASK_ULL(15, 0),  FS | SS | NESTED | PT },
	{ "PWSNP",   1, BIT_ULL(23),         FS | SS | NESTED | PT },
	{ "PGSNP",   1, BIT_ULL(24),         FS | SS | NESTED | PT },
	{ "SRE",     2, BIT_ULL(0),          FS |      NESTED },
	{ "FSPM",    2, GENMASK_ULL(3, 2),   FS |      NESTED },
	{ "WPE",     2, BIT_ULL(4),          FS |      NESTED },
	{ "EAFE",    2, BIT_ULL(7),          FS |      NESTED },
	{ "FSPTPTR", 2, GENMASK_ULL(63, 12), FS |      NESTED },
};

const struct entry_layout pasid_layout = {
	.name = "PASID entry",
	.format = {
		.ops = {
			.get_used = pasid_entry_get_used,
			.get_update_safe = pasid_entry_get_update_safe,
		},
		.num_words = 8,
		.present_mask = BIT_ULL(0),
	},
	.fields = pasid_fields,
	.num_fields = ARRAY_SIZE(pasid_fields),
	.types = { "none", "FS", "SS", "nested", "PT" },
	.type_mask = GENMASK_ULL(8, 6),
	.type_value = { 0, 1ULL << 6, 2ULL << 6, 3ULL << 6, 4ULL << 6 },
	.num_types = 5,
	.faults = BIT_ULL(1),
};

/* The types of legacy context entries */
#define LEGACY_SS	BIT(1)
#define LEGACY_ATS	BIT(2)
#define LEGACY_PT	BIT(3)

static const struct entry_field context_legacy_fields[] = {
	{ "SSPTPTR", 0, GENMASK_ULL(63, 12), LEGACY_SS | LEGACY_ATS },
	{ "AW",      1, GENMASK_ULL(2, 0),   LEGACY_SS | LEGACY_ATS | LEGACY_PT },
	{ "DID",     1, GENMASK_ULL(23, 8),  LEGACY_SS | LEGACY_ATS | LEGACY_PT },
};

const struct entry_layout context_legacy_layout = {
	.name = "legacy context entry",
	.format = {
		.ops = {
			.get_used = context_entry_get_used_legacy,
			.get_update_safe = context_entry_get_update_safe,
		},
		.num_words = 2,
		.present_mask = BIT_ULL(0),
	},
	.fields = context_legacy_fields,
	.num_fields = ARRAY_SIZE(context_legacy_fields),
	.types = { "none", "SS", "SS with ATS", "PT" },
	.type_mask = GENMASK_ULL(3, 2),
	.type_value = { 0, 0, 1ULL << 2, 2ULL << 2 },
	.num_types = 4,
	.faults = BIT_ULL(1),
};

static const struct entry_field context_scalable_fields[] = {
	{ "DTE",         0, BIT_ULL(2),          BIT(1) },
	{ "PASIDE",      0, BIT_ULL(3),          BIT(1) },
	{ "PRE",         0, BIT_ULL(4),          BIT(1) },
	{ "PDTS",        0, GENMASK_ULL(11, 9),  BIT(1) },
	{ "PASIDDIRPTR", 0, GENMASK_ULL(63, 12), BIT(1) },
	{ "RID_PASID",   1, GENMASK_ULL(19, 0),  BIT(1) },
};

const struct entry_layout context_scalable_layout = {
	.name = "scalable context entry",
	.format = {
		.ops = {
			.get_used = context_entry_get_used_scalable,
			.get_update_safe = context_entry_get_update_safe,
		},
		.num_words = 2,
		.present_mask = BIT_ULL(0),
	},
	.fields = context_scalable_fields,
	.num_fields = ARRAY_SIZE(context_scalable_fields),
	.types = { "none", "PASID directory" },
	.num_types = 2,
	.faults = BIT_ULL(1),
};

/*
 * What the driver promises for PASID entries, to be compared with the
 * VT-d specification: hitless or breaking, number of stores, number of syncs.
 *
 * Between entries with all fields different, and of one type with only those
 * fields different that are named
 */
static const struct entry_layout_row pasid_rows[] = {
	{ "none to FS",		0, 1, "all", "hitless  2 2", "hitless  3 2" },
	{ "none to SS",		0, 2, "all", "hitless  1 1", "hitless  2 2" },
	{ "none to nested",	0, 3, "all", "hitless  2 2", "hitless  3 2" },
	{ "none to PT",		0, 4, "all", "hitless  1 1", "hitless  2 2" },

	{ "FS to none",		1, 0, "all", "hitless  3 2", "hitless  4 2" },
	{ "FS to FS",		1, 1, "all", "breaking 3 3", "breaking 4 3" },
	{ "FS to FS",		1, 1, "FSPTPTR", "hitless  1 1", "hitless  1 1" },
	{ "FS to FS",		1, 1, "DID", "hitless  1 1", "hitless  1 1" },
	{ "FS to FS",		1, 1, "DID FSPTPTR", "breaking 3 3", "breaking 4 3" },
	{ "FS to SS",		1, 2, "all", "hitless  2 2", "breaking 4 3" },
	{ "FS to nested",	1, 3, "all", "breaking 3 3", "breaking 4 3" },
	{ "FS to PT",		1, 4, "all", "hitless  2 2", "breaking 4 3" },

	{ "SS to none",		2, 0, "all", "hitless  2 2", "hitless  3 2" },
	{ "SS to FS",		2, 1, "all", "hitless  2 2", "breaking 4 3" },
	{ "SS to SS",		2, 2, "all", "hitless  1 1", "breaking 3 3" },
	{ "SS to SS",		2, 2, "SSPTPTR", "hitless  1 1", "hitless  1 1" },
	{ "SS to SS",		2, 2, "SSADE", "hitless  1 1", "hitless  1 1" },
	{ "SS to nested",	2, 3, "all", "hitless  2 2", "breaking 4 3" },
	{ "SS to PT",		2, 4, "all", "hitless  1 1", "breaking 3 3" },

	{ "nested to none",	3, 0, "all", "hitless  3 2", "hitless  4 2" },
	{ "nested to FS",	3, 1, "all", "breaking 3 3", "breaking 4 3" },
	{ "nested to SS",	3, 2, "all", "hitless  2 2", "breaking 4 3" },
	{ "nested to nested",	3, 3, "all", "breaking 3 3", "breaking 4 3" },
	{ "nested to nested",	3, 3, "DID FSPTPTR", "breaking 3 3", "breaking 4 3" },
	{ "nested to nested",	3, 3, "FSPTPTR", "hitless  1 1", "hitless  1 1" },
	{ "nested to PT",	3, 4, "all", "hitless  2 2", "breaking 4 3" },

	{ "PT to none",		4, 0, "all", "hitless  2 2", "hitless  3 2" },
	{ "PT to FS",		4, 1, "all", "hitless  2 2", "breaking 4 3" },
	{ "PT to SS",		4, 2, "all", "hitless  1 1", "breaking 3 3" },
	{ "PT to nested",	4, 3, "all", "hitless  2 2", "breaking 4 3" },
	{ "PT to PT",		4, 4, "DID", "hitless  1 1", "hitless  1 1" },
};

/**
 * pasid_layout_check_table - compare updates with the table of what is expected
 * @quantum_words: 1 or 2
 * @ck: the checker
 * @print: called with the table as it was measured, line by line
 *
 * Context: Any.
 */
void pasid_layout_check_table(unsigned int quantum_words,
			      struct entry_sync_check *ck,
			      void (*print)(const char *line))
{
	entry_layout_check_table(&pasid_layout, pasid_rows,
				 ARRAY_SIZE(pasid_rows), quantum_words, ck,
				 print);
}
