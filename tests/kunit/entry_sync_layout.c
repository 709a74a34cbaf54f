// SPDX-License-Identifier: GPL-2.0
/*
 * Entry formats as tables of fields, and what is to be expected of updates
 *
 * The tables say in another way than a format's get_used() what hardware uses
 * of an entry. From them come all pairs of entries that differ in any
 * combination of fields, and, field by field, whether an update between them
 * may break.
 */

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "entry_sync_layout.h"

/*
 * A format that no hardware has: 8 words; the present bit is in word
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
		/* With quanta of 128 bits, in which it is the second word */
		.clear_with_present = { 0, MADE_UP_TYPE },
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

/* The type as which hardware takes an entry: 0 if it is not present */
static unsigned int effective_type(const struct choice *choice)
{
	return choice->present ? choice->type : 0;
}

static bool has_subtype(const struct entry_layout *layout, unsigned int type)
{
	return layout->subtype_types & BIT(type);
}

static void make_entry(const struct entry_layout *layout,
		       const struct choice *choice, u64 *entry)
{
	const struct entry_field *field;
	unsigned int i;

	memset(entry, 0, ENTRY_SYNC_MAX_WORDS * sizeof(u64));
	if (choice->type)
		entry[layout->type_word] |= layout->type_value[choice->type];
	if (has_subtype(layout, choice->type))
		entry[layout->subtype_word] |=
			layout->subtype_value[choice->type];
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

/* The words in which the types of two present entries differ */
static unsigned int type_words(const struct entry_layout *layout,
			       unsigned int from, unsigned int to)
{
	unsigned int words = 0;

	if (layout->type_value[from] != layout->type_value[to])
		words |= BIT(layout->type_word);
	if (has_subtype(layout, from) && has_subtype(layout, to) &&
	    layout->subtype_value[from] != layout->subtype_value[to])
		words |= BIT(layout->subtype_word);
	return words;
}

/* The quanta in which something that both entries use differs, as a mask */
static unsigned int critical_quanta(const struct entry_layout *layout,
				    unsigned int quantum_words,
				    const u64 *old, const u64 *new,
				    const struct choice *from,
				    const struct choice *to)
{
	unsigned int old_type = effective_type(from), new_type = effective_type(to);
	unsigned int i, words = 0, quanta = 0;
	const struct entry_field *field;

	if (from->present != to->present)
		words |= BIT(layout->format.present_word);
	else if (from->present)
		words |= type_words(layout, from->type, to->type);
	for (i = 0; i < layout->num_fields; i++) {
		field = &layout->fields[i];
		if ((old[field->word] ^ new[field->word]) & field->mask &&
		    field->types & BIT(old_type) &&
		    field->types & BIT(new_type) &&
		    !(field->is_safe && field->is_safe(old, new)))
			words |= BIT(field->word);
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
	struct entry_sync_result result;
	unsigned int quanta;
	bool breaks, broke;

	make_entry(layout, from, old);
	make_entry(layout, to, new);
	quanta = critical_quanta(layout, quantum_words, old, new, from, to);
	breaks = quanta & (quanta - 1);
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
		if (to.faults && !layout->faults)
			continue;
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

/*
 * All that there is to start from: each type, present or not, with and without
 * junk in the bits that it does not use, with either value in all fields; false
 * when all have been.
 */
static bool next_start(const struct entry_layout *layout, unsigned int *turn,
		       struct choice *from)
{
	unsigned int i;

	while (*turn < 16 * layout->num_types) {
		i = (*turn)++;
		*from = (struct choice){
			.type = i / 16,
			.present = i & 1,
			.faults = i & 2,
			.junk = i & 4,
			.values = i & 8 ? ~0U : 0,
		};
		if ((from->type || !from->present) &&
		    (layout->faults || !from->faults))
			return true;
	}
	return false;
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
	unsigned int turn = 0;
	struct choice from;

	while (next_start(layout, &turn, &from))
		check_targets(layout, quantum_words, &from, ck);
}

/*
 * The type of a present entry, going by its fields. A second field with a value
 * that no type has is that of the first type that it may be of.
 */
static unsigned int find_type(const struct entry_layout *layout,
			      const u64 *entry)
{
	u64 value = entry[layout->type_word] & layout->type_mask;
	u64 subtype = entry[layout->subtype_word] & layout->subtype_mask;
	unsigned int type, found = 0;

	for (type = layout->num_types - 1; type; type--) {
		if (layout->type_value[type] != value)
			continue;
		found = type;
		if (has_subtype(layout, type) &&
		    layout->subtype_value[type] == subtype)
			break;
	}
	return found;
}

/**
 * entry_layout_get_used - what a table of fields says that hardware looks at
 * @layout: the layout
 * @entry: the entry, of a type that @layout knows
 * @used: gets the bits; comes zeroed
 *
 * Context: Any.
 */
void entry_layout_get_used(const struct entry_layout *layout, const u64 *entry,
			   u64 *used)
{
	const unsigned int present_word = layout->format.present_word;
	unsigned int i, type = 0;

	used[present_word] |= layout->format.present_mask | layout->faults;
	if (entry[present_word] & layout->format.present_mask) {
		type = find_type(layout, entry);
		used[layout->type_word] |= layout->type_mask;
		if (has_subtype(layout, type))
			used[layout->subtype_word] |= layout->subtype_mask;
	}
	for (i = 0; i < layout->num_fields; i++)
		if (layout->fields[i].types & BIT(type))
			used[layout->fields[i].word] |= layout->fields[i].mask;
}

/**
 * entry_layout_get_update_safe - what a table of fields says may change early
 * @layout: the layout
 * @cur: the entry in use
 * @target: its new value
 * @safe: gets the bits; comes zeroed
 *
 * Context: Any.
 */
void entry_layout_get_update_safe(const struct entry_layout *layout,
				  const u64 *cur, const u64 *target, u64 *safe)
{
	const struct entry_field *field = layout->fields;
	unsigned int i;

	for (i = 0; i < layout->num_fields; i++, field++)
		if (field->is_safe && field->is_safe(cur, target))
			safe[field->word] |= field->mask;
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
	struct choice choice;
	unsigned int turn = 0;

	while (next_start(layout, &turn, &choice)) {
		make_entry(layout, &choice, entry);
		memset(used, 0, sizeof(ck->new));
		layout->format.ops.get_used(entry, used);
		memset(expected, 0, sizeof(ck->old));
		entry_layout_get_used(layout, entry, expected);

		ck->failed = false;
		if (memcmp(used, expected, sizeof(ck->old)))
			entry_sync_check_fail(ck, "%s: used bits of %s",
					      layout->name,
					      layout->types[choice.type]);
	}
}

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
 * entry_layout_check_table - compare updates with a table of what is expected
 * @layout: the layout
 * @rows: the table
 * @num_rows: its length
 * @quantum_words: 1 or 2
 * @ck: the checker
 * @print: called with the table as it was measured, line by line
 *
 * Context: Any.
 */
void entry_layout_check_table(const struct entry_layout *layout,
			      const struct entry_layout_row *rows,
			      unsigned int num_rows,
			      unsigned int quantum_words,
			      struct entry_sync_check *ck,
			      void (*print)(const char *line))
{
	u64 old[ENTRY_SYNC_MAX_WORDS], new[ENTRY_SYNC_MAX_WORDS];
	const struct entry_layout_row *row;
	struct entry_sync_result result;
	char seen[32], line[96];
	const char *expected;
	struct choice choice;

	snprintf(line, sizeof(line), "%u-bit quanta, differing in: verdict, stores, syncs",
		 64 * quantum_words);
	print(line);

	for (row = rows; row < rows + num_rows; row++) {
		choice = (struct choice){ .type = row->from, .present = row->from };
		make_entry(layout, &choice, old);
		choice = (struct choice){
			.type = row->to,
			.present = row->to,
			.values = named_fields(layout, row->differ),
		};
		make_entry(layout, &choice, new);

		result = entry_sync_check_update(ck, &layout->format,
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

/* What a writer was seen to do: hitless, breaking or torn, stores, syncs */
static void describe_seen(char *text, size_t size,
			  const struct entry_sync_seen *seen)
{
	snprintf(text, size, "%-8s %u %u",
		 seen->torn ? "torn" : seen->not_present ? "breaking" : "hitless",
		 seen->stores, seen->syncs);
}

static void see(const struct entry_layout *layout, unsigned int quantum_words,
		const struct entry_layout_change *change,
		entry_sync_writer *write, struct entry_sync_check *ck)
{
	u64 old[ENTRY_SYNC_MAX_WORDS], new[ENTRY_SYNC_MAX_WORDS];
	struct choice choice;

	choice = (struct choice){ .type = change->from, .present = change->from };
	make_entry(layout, &choice, old);
	choice = (struct choice){
		.type = change->to,
		.present = change->to,
		.values = named_fields(layout, change->differ),
	};
	make_entry(layout, &choice, new);
	entry_sync_check_update(ck, &layout->format, quantum_words, old, new,
				write);
}

/**
 * entry_layout_compare - print what another writer does, and what entry_sync
 *                        does, which must be as expected
 * @layout: the layout
 * @changes: the updates to compare
 * @num_changes: their number
 * @quantum_words: 1 or 2
 * @before: the other writer. It stores by entry_sync_check_store()
 * @ck: the checker. What it thinks of @before is printed, and not kept
 * @print: called with the table, line by line
 *
 * Context: Any.
 */
void entry_layout_compare(const struct entry_layout *layout,
			  const struct entry_layout_change *changes,
			  unsigned int num_changes, unsigned int quantum_words,
			  entry_sync_writer *before,
			  struct entry_sync_check *ck,
			  void (*print)(const char *line))
{
	const struct entry_layout_change *change;
	struct entry_sync_counts counts;
	char line[160], was[32], is[32];
	bool whole = ck->whole_fetches;

	snprintf(line, sizeof(line), "%-10s %-10s %-36s %-12s %s", "from", "to",
		 "differing in", "before", "entry_sync");
	print(line);
	for (change = changes; change < changes + num_changes; change++) {
		counts = ck->counts;
		see(layout, quantum_words, change, before, ck);
		describe_seen(was, sizeof(was), &ck->seen);
		if (!counts.failures)
			ck->failure[0] = 0;
		ck->counts = counts;

		ck->whole_fetches = false;
		see(layout, quantum_words, change, entry_sync_write, ck);
		describe_seen(is, sizeof(is), &ck->seen);
		ck->whole_fetches = whole;

		snprintf(line, sizeof(line), "%-10s %-10s %-36s %-12s %s",
			 layout->types[change->from], layout->types[change->to],
			 change->differ, was, is);
		print(line);
		if (strcmp(is, change->now))
			entry_sync_check_fail(ck, "%s to %s (%s): %s, not %s",
					      layout->types[change->from],
					      layout->types[change->to],
					      change->differ, is, change->now);
	}
}
