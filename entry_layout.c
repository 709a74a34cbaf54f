// SPDX-License-Identifier: GPL-2.0
/*
 * Entry formats as tables of fields, and what is to be expected of updates
 *
 * The tables say in another way than entry_format.c what hardware uses of an
 * entry. From them come all pairs of entries that differ in any combination of
 * fields, and, field by field, whether an update between them may break.
 */

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "entry_format.h"
#include "entry_layout.h"

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
 * A format that nothing of VT-d is like: 8 words; the present bit is in word
 * 5, whose low bits also say which of the other words are used.
 */
#define MADE_UP_WORD	5
#define MADE_UP_PRESENT	BIT_ULL(63)
#define MADE_UP_FAULTS	BIT_ULL(62)
#define MADE_UP_TYPE	GENMASK_ULL(7, 0)

static void made_up_get_used(const u64 *entry, u64 *used)
{
	unsigned int i;

	used[MADE_UP_WORD] = MADE_UP_PRESENT | MADE_UP_FAULTS;
	if (!(entry[MADE_UP_WORD] & MADE_UP_PRESENT))
		return;

	used[MADE_UP_WORD] |= MADE_UP_TYPE;
	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i++)
		if (i != MADE_UP_WORD && entry[MADE_UP_WORD] & BIT_ULL(i))
			used[i] = ~0ULL;
}

static void made_up_get_update_safe(const u64 *cur, const u64 *target,
				    u64 *safe)
{
	safe[MADE_UP_WORD] = MADE_UP_FAULTS;
}

static const struct entry_field made_up_fields[] = {
	{ "word 0", 0, ~0ULL, BIT(1) | BIT(2) | BIT(4) },
	{ "word 1", 1, ~0ULL, BIT(1) | BIT(3) | BIT(4) },
	{ "word 2", 2, ~0ULL, BIT(2) | BIT(4) },
	{ "word 3", 3, ~0ULL, BIT(3) | BIT(4) },
	{ "word 4", 4, ~0ULL, BIT(2) | BIT(3) | BIT(4) },
	{ "word 6", 6, ~0ULL, BIT(1) | BIT(3) | BIT(4) },
	{ "word 7", 7, ~0ULL, BIT(4) | BIT(5) },
};

const struct entry_layout made_up_layout = {
	.name = "made-up entry",
	.format = {
		.ops = {
			.get_used = made_up_get_used,
			.get_update_safe = made_up_get_update_safe,
		},
		.num_words = ENTRY_SYNC_MAX_WORDS,
		.present_word = MADE_UP_WORD,
		.present_mask = MADE_UP_PRESENT,
	},
	.fields = made_up_fields,
	.num_fields = ARRAY_SIZE(made_up_fields),
	.types = { "none", "0:1:6", "0:2:4", "1:3:4:6", "all", "7" },
	.type_word = MADE_UP_WORD,
	.type_mask = MADE_UP_TYPE,
	.type_value = { 0, 0x43, 0x15, 0x5a, 0xdf, 0x80 },
	.num_types = 6,
	.faults = MADE_UP_FAULTS,
};

/*
 * One entry to be made from a layout
 *
 * @type: 0 for none
 * @present: false for an entry of @type that lost only its present bit
 * @faults: the layout's faults bit is set
 * @junk: fields that the type does not use are set all the same
 * @values: for each field, which of its two values it has
 */
struct choice {
	unsigned int type;
	bool present;
	bool faults;
	bool junk;
	unsigned int values;
};

/* Two values without a common bit, so that a mix of them is noticed. */
static u64 field_value(const struct entry_field *field, bool second)
{
	return field->mask & (second ? 0xaaaaaaaaaaaaaaaa : 0x5555555555555555);
}

static void make_entry(const struct entry_layout *layout,
		       const struct choice *choice, u64 *entry)
{
	const struct entry_field *field;
	unsigned int i;

	memset(entry, 0, ENTRY_SYNC_MAX_WORDS * sizeof(u64));
	if (choice->type)
		entry[layout->type_word] |= layout->type_value[choice->type];
	if (choice->present)
		entry[layout->format.present_word] |= layout->format.present_mask;
	if (choice->faults)
		entry[layout->format.present_word] |= layout->faults;

	for (i = 0; i < layout->num_fields; i++) {
		field = &layout->fields[i];
		if (field->types & BIT(choice->type) || choice->junk)
			entry[field->word] |=
				field_value(field, choice->values & BIT(i));
	}
}

/* The quanta in which something that both entries use differs, as a mask */
static unsigned int critical_quanta(const struct entry_layout *layout,
				    unsigned int quantum_words,
				    const struct choice *from,
				    const struct choice *to)
{
	unsigned int i, words = 0, quanta = 0;
	unsigned int differ = from->values ^ to->values;
	const struct entry_field *field;

	if (from->present != to->present)
		words |= BIT(layout->format.present_word);
	if (from->present && to->present) {
		if (from->type != to->type)
			words |= BIT(layout->type_word);
		for (i = 0; i < layout->num_fields; i++) {
			field = &layout->fields[i];
			if (differ & BIT(i) && field->types & BIT(from->type) &&
			    field->types & BIT(to->type))
				words |= BIT(field->word);
		}
	}

	for (i = 0; i < layout->format.num_words; i++)
		if (words & BIT(i))
			quanta |= BIT(i / quantum_words);
	return quanta;
}

static void check_pair(const struct entry_layout *layout,
		       unsigned int quantum_words, const struct choice *from,
		       const struct choice *to, struct entry_sync_check *ck)
{
	u64 old[ENTRY_SYNC_MAX_WORDS], new[ENTRY_SYNC_MAX_WORDS];
	unsigned int quanta = critical_quanta(layout, quantum_words, from, to);
	bool breaks = quanta & (quanta - 1);
	struct entry_sync_result result;
	bool broke;

	make_entry(layout, from, old);
	make_entry(layout, to, new);
	result = entry_sync_check_update(ck, &layout->format, quantum_words,
					 old, new, entry_sync_write);
	broke = result.verdict == ENTRY_SYNC_BREAKING;
	if (broke != breaks)
		entry_sync_check_fail(ck, "%s: %s to %s: verdict %d",
				      layout->name, layout->types[from->type],
				      layout->types[to->type], result.verdict);
}

/* All targets: each type with each combination of differing fields */
static void check_targets(const struct entry_layout *layout,
			  unsigned int quantum_words, const struct choice *from,
			  struct entry_sync_check *ck)
{
	unsigned int i, used, differ;
	struct choice to;

	for (i = 0; i < 2 * layout->num_types; i++) {
		to = (struct choice){
			.type = i / 2,
			.present = i / 2,
			.faults = i % 2,
		};
		for (differ = 0, used = 0; differ < layout->num_fields; differ++)
			if (layout->fields[differ].types & BIT(to.type))
				used |= BIT(differ);

		/* Each subset of the fields that it uses */
		differ = 0;
		do {
			to.values = from->values ^ differ;
			check_pair(layout, quantum_words, from, &to, ck);
			differ = (differ - used) & used;
		} while (differ);
	}
}

/**
 * entry_layout_check_all - check all updates between entries of a layout
 * @layout: the layout
 * @quantum_words: 1 or 2
 * @ck: the checker
 *
 * From each type, present or not, with and without junk in the bits that it
 * does not use, with either value in all fields, to each type with every
 * combination of fields different or the same.
 *
 * Context: Any.
 */
void entry_layout_check_all(const struct entry_layout *layout,
			    unsigned int quantum_words,
			    struct entry_sync_check *ck)
{
	struct choice from;
	unsigned int i;

	for (i = 0; i < 16 * layout->num_types; i++) {
		from = (struct choice){
			.type = i / 16,
			.present = i & 1,
			.faults = i & 2,
			.junk = i & 4,
			.values = i & 8 ? ~0U : 0,
		};
		if (from.type || !from.present)
			check_targets(layout, quantum_words, &from, ck);
	}
}

/**
 * entry_layout_check_used - hold get_used() of a format against its table
 * @layout: the layout
 * @ck: the checker
 *
 * Context: Any.
 */
void entry_layout_check_used(const struct entry_layout *layout,
			     struct entry_sync_check *ck)
{
	u64 entry[ENTRY_SYNC_MAX_WORDS], *expected = ck->old, *used = ck->new;
	const unsigned int present_word = layout->format.present_word;
	struct choice choice = {};
	unsigned int i;

	for (choice.type = 0; choice.type < layout->num_types; choice.type++) {
		choice.present = choice.type;
		make_entry(layout, &choice, entry);
		memset(used, 0, sizeof(ck->new));
		layout->format.ops.get_used(entry, used);

		memset(expected, 0, sizeof(ck->old));
		expected[present_word] |= layout->format.present_mask |
					  layout->faults;
		if (choice.present)
			expected[layout->type_word] |= layout->type_mask;
		for (i = 0; i < layout->num_fields; i++)
			if (layout->fields[i].types & BIT(choice.type))
				expected[layout->fields[i].word] |=
					layout->fields[i].mask;

		ck->failed = false;
		if (memcmp(used, expected, sizeof(ck->old)))
			entry_sync_check_fail(ck, "%s: used bits of %s",
					      layout->name,
					      layout->types[choice.type]);
	}
}

/*
 * What the driver promises for PASID entries, to be compared with the
 * VT-d specification: hitless or breaking, number of stores, number of syncs.
 *
 * Between entries with all fields different, and of one type with only those
 * fields different that are named
 */
struct expected {
	const char *text;
	unsigned int from, to;
	const char *differ;
	const char *quantum_128;
	const char *quantum_64;
};

static const struct expected pasid_expected[] = {
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

static unsigned int named_fields(const struct entry_layout *layout,
				 const char *names)
{
	unsigned int i, fields = 0;

	for (i = 0; i < layout->num_fields; i++)
		if (!strcmp(names, "all") ||
		    strstr(names, layout->fields[i].name))
			fields |= BIT(i);
	return fields;
}

static void describe(char *text, size_t size,
		     const struct entry_sync_result *result)
{
	snprintf(text, size, "%-8s %u %u",
		 result->verdict == ENTRY_SYNC_HITLESS ? "hitless" :
		 result->verdict == ENTRY_SYNC_BREAKING ? "breaking" : "?",
		 result->stores, result->syncs);
}

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
	u64 old[ENTRY_SYNC_MAX_WORDS], new[ENTRY_SYNC_MAX_WORDS];
	const struct expected *row;
	struct entry_sync_result result;
	char seen[32], line[96];
	const char *expected;
	struct choice choice;

	snprintf(line, sizeof(line), "%u-bit quanta, differing in: verdict, stores, syncs",
		 64 * quantum_words);
	print(line);

	for (row = pasid_expected;
	     row < pasid_expected + ARRAY_SIZE(pasid_expected); row++) {
		choice = (struct choice){ .type = row->from, .present = row->from };
		make_entry(&pasid_layout, &choice, old);
		choice = (struct choice){
			.type = row->to,
			.present = row->to,
			.values = named_fields(&pasid_layout, row->differ),
		};
		make_entry(&pasid_layout, &choice, new);

		result = entry_sync_check_update(ck, &pasid_layout.format,
						 quantum_words, old, new,
						 entry_sync_write);
		describe(seen, sizeof(seen), &result);
		snprintf(line, sizeof(line), "%-17s %-12s %s", row->text,
			 row->differ, seen);
		print(line);

		expected = quantum_words == 2 ? row->quantum_128 :
						row->quantum_64;
		if (strcmp(seen, expected))
			entry_sync_check_fail(ck, "%s (%s): %s, not %s",
					      row->text, row->differ, seen,
					      expected);
	}
}
