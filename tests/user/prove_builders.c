// SPDX-License-Identifier: GPL-2.0
/*
 * Prove that VT-d's entries are built as the specification has them
 *
 * For CBMC, run by the script "prove", for any arguments of each function of
 * entry_format.c. What an entry must be is put together from the tables of
 * fields, which share nothing with that file.
 */

#include <stdarg.h>

#include <linux/kernel.h>
#include <linux/string.h>

#include "entry_format_layout.h"
#include "prove_stages.h"

struct entry {
	u64 word[ENTRY_SYNC_MAX_WORDS];
};

/* Warnings of the library: it has no part in this. */
void shim_warn(const char *fmt, ...)
{
}

/* A present entry of a type, all fields zero */
static struct entry of_type(const struct entry_layout *layout, const char *type)
{
	struct entry entry = {};
	unsigned int i;

	entry.word[layout->format.present_word] = layout->format.present_mask;
	for (i = 0; i < layout->num_types; i++)
		if (!strcmp(layout->types[i], type))
			entry.word[layout->type_word] |= layout->type_value[i];
	return entry;
}

static void put(struct entry *entry, const struct entry_layout *layout,
		const char *name, u64 value)
{
	const struct entry_field *field;
	unsigned int i;

	for (i = 0; i < layout->num_fields; i++) {
		field = &layout->fields[i];
		if (!strcmp(field->name, name))
			entry->word[field->word] |=
				value << __builtin_ctzll(field->mask);
	}
}

static void check(const struct entry_layout *layout, const u64 *built,
		  const struct entry *want)
{
	u64 wrong = 0, unused = 0;
	struct entry used = {};
	unsigned int i;

	layout->format.ops.get_used(built, used.word);
	for (i = 0; i < layout->format.num_words; i++) {
		wrong |= built[i] ^ want->word[i];
		unused |= built[i] & ~used.word[i];
	}
	prove("builders: fields are as given, all other bits are zero", !wrong);
	prove("builders: no bit is set that the entry does not use", !unused);
}

static void put_first_stage(struct entry *entry,
			    const struct pasid_first_stage *fs)
{
	put(entry, &pasid_layout, "PGSNP", fs->page_snoop);
	put(entry, &pasid_layout, "FSPTPTR", fs->fsptptr >> 12);
	put(entry, &pasid_layout, "FSPM", fs->five_level);
	put(entry, &pasid_layout, "SRE", fs->supervisor);
	put(entry, &pasid_layout, "WPE", fs->supervisor && fs->write_protect);
	put(entry, &pasid_layout, "EAFE", fs->extended_access);
}

static void put_second_stage(struct entry *entry,
			     const struct pasid_second_stage *ss)
{
	put(entry, &pasid_layout, "AW", ss->aw);
	put(entry, &pasid_layout, "PWSNP", ss->walk_snoop);
	put(entry, &pasid_layout, "SSPTPTR", ss->ssptptr >> 12);
	put(entry, &pasid_layout, "SSADE", ss->dirty_tracking);
}

static void prove_pasid_entries(u16 did, u8 aw)
{
	struct pasid_first_stage fs = any_first_stage();
	struct pasid_second_stage ss = any_second_stage();
	bool walk_snoop = nondet_bool();
	struct pasid_entry pe;
	struct entry want;

	pasid_entry_make_first_stage(&pe, did, aw, &fs);
	want = of_type(&pasid_layout, "FS");
	put(&want, &pasid_layout, "DID", did);
	put(&want, &pasid_layout, "AW", aw);
	put(&want, &pasid_layout, "PWSNP", fs.walk_snoop);
	put_first_stage(&want, &fs);
	check(&pasid_layout, pe.val, &want);

	pasid_entry_make_second_stage(&pe, did, &ss);
	want = of_type(&pasid_layout, "SS");
	put(&want, &pasid_layout, "DID", did);
	put_second_stage(&want, &ss);
	check(&pasid_layout, pe.val, &want);

	pasid_entry_make_nested(&pe, did, &fs, &ss);
	want = of_type(&pasid_layout, "nested");
	put(&want, &pasid_layout, "DID", did);
	put_first_stage(&want, &fs);
	put_second_stage(&want, &ss);
	check(&pasid_layout, pe.val, &want);

	pasid_entry_make_pass_through(&pe, did, aw, walk_snoop);
	want = of_type(&pasid_layout, "PT");
	put(&want, &pasid_layout, "DID", did);
	put(&want, &pasid_layout, "AW", aw);
	put(&want, &pasid_layout, "PWSNP", walk_snoop);
	check(&pasid_layout, pe.val, &want);
}

static void prove_legacy_entries(u16 did, u8 aw)
{
	const struct entry_layout *layout = &context_legacy_layout;
	phys_addr_t ssptptr = nondet_u64();
	bool ats = nondet_bool();
	struct context_words ce;
	struct entry want;

	context_entry_make_second_stage(&ce, did, ssptptr, aw, ats);
	want = of_type(layout, ats ? "SS with ATS" : "SS");
	put(&want, layout, "DID", did);
	put(&want, layout, "AW", aw);
	put(&want, layout, "SSPTPTR", ssptptr >> 12);
	check(layout, ce.val, &want);

	context_entry_make_alias(&ce);
	want = of_type(layout, "SS");
	put(&want, layout, "DID", did);
	put(&want, layout, "AW", aw);
	put(&want, layout, "SSPTPTR", ssptptr >> 12);
	check(layout, ce.val, &want);

	context_entry_make_pass_through(&ce, did, aw);
	if (nondet_bool())
		context_entry_make_alias(&ce);
	want = of_type(layout, "PT");
	put(&want, layout, "DID", did);
	put(&want, layout, "AW", aw);
	check(layout, ce.val, &want);
}

static void prove_scalable_entry(void)
{
	const struct entry_layout *layout = &context_scalable_layout;
	bool dte = nondet_bool(), paside = nondet_bool(), pre = nondet_bool();
	/* A directory has 2^7 to 2^14 entries. */
	unsigned int pdts = nondet_uint() % 8;
	phys_addr_t dir = nondet_u64();
	struct context_words ce;
	struct entry want;

	context_entry_make_scalable(&ce, dir, BIT(pdts + 7),
				    (dte ? CONTEXT_SM_DTE : 0) |
				    (paside ? CONTEXT_SM_PASIDE : 0) |
				    (pre ? CONTEXT_SM_PRE : 0));
	want = of_type(layout, "PASID directory");
	put(&want, layout, "DTE", dte);
	put(&want, layout, "PASIDE", paside);
	put(&want, layout, "PRE", pre);
	put(&want, layout, "PDTS", pdts);
	put(&want, layout, "PASIDDIRPTR", dir >> 12);
	check(layout, ce.val, &want);
}

void prove_builders(void)
{
	u16 did = nondet_uint();
	u8 aw = any_aw();

	prove_pasid_entries(did, aw);
	prove_legacy_entries(did, aw);
	prove_scalable_entry();
}
