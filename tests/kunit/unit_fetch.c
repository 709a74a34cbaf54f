// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a VT-d unit: from the root table to the entry of a requester
 *
 * VT-d spec, section 3.4 (IOMMU structures). Nothing of the driver is used for
 * it: what the driver finds by its own records, hardware finds by what is
 * written in the tables.
 */

#include <linux/bitfield.h>
#include <linux/dmar.h>

#include "../entry_format.h"
#include "unit_model.h"

#define ROOT_PRESENT		BIT_ULL(0)
#define ROOT_RESERVED		GENMASK_ULL(11, 1)
#define DIRECTORY_PRESENT	BIT_ULL(0)
#define DIRECTORY_RESERVED	GENMASK_ULL(11, 2)
#define TABLE_POINTER		GENMASK_ULL(63, 12)

/* Number of entries that a page of a PASID table has, as a power of two */
#define PASID_TABLE_SHIFT	6

static void decode_legacy(const struct unit_model *unit, const u64 *val,
			  struct unit_decoded *dec)
{
	u64 tt = FIELD_GET(CONTEXT_TT, val[0]);

	dec->type = tt == CONTEXT_TT_PT ? UNIT_PT : UNIT_SS;
	dec->did = FIELD_GET(CONTEXT_DID, val[1]);
	dec->ss = val[0] & CONTEXT_SSPTPTR;
	dec->ss_levels = FIELD_GET(CONTEXT_AW, val[1]) + 2;
	dec->ats = tt == CONTEXT_TT_SECOND_STAGE_ATS;
	dec->snoops = ecap_coherent(unit->ecap);
}

static void decode_scalable(const u64 *val, struct unit_decoded *dec)
{
	dec->type = FIELD_GET(PASID_PE_PGTT, val[0]);
	dec->did = FIELD_GET(PASID_PE_DID, val[1]);
	dec->ss = val[0] & PASID_PE_SSPTPTR;
	dec->ss_levels = FIELD_GET(PASID_PE_AW, val[0]) + 2;
	dec->fs = val[2] & PASID_PE_FSPTPTR;
	dec->fs_levels = FIELD_GET(PASID_PE_FSPM, val[2]) + 4;
	dec->snoops = val[1] & PASID_PE_PWSNP;
	dec->page_snoops = val[1] & PASID_PE_PGSNP;
}

/**
 * unit_decode - understand an entry that holds a translation
 * @unit: the unit
 * @entry: a PASID entry, or a context entry in legacy mode
 *
 * Context: Any.
 * Return: what it says; of type %UNIT_NONE if it is not present.
 */
struct unit_decoded unit_decode(const struct unit_model *unit,
				const struct unit_entry *entry)
{
	struct unit_decoded dec = {};

	/* The present bit is the same one in all formats. */
	if (!(entry->val[0] & PASID_PE_P))
		return dec;

	if (unit_scalable(unit)) {
		decode_scalable(entry->val, &dec);
		dec.ats = entry->ats;
	} else {
		decode_legacy(unit, entry->val, &dec);
	}
	return dec;
}

/*
 * What entries may say
 */

static const struct unit_table *find_table(const struct unit_model *unit,
					   u64 root, enum unit_stage stage,
					   unsigned int levels)
{
	const struct unit_machine *machine = unit->machine;
	unsigned int i;

	for (i = 0; i < machine->num_tables; i++)
		if (machine->table[i].root == root &&
		    machine->table[i].stage == stage &&
		    machine->table[i].levels == levels)
			return &machine->table[i];
	return NULL;
}

static bool check_table(struct unit_model *unit, u64 root,
			enum unit_stage stage, unsigned int levels,
			const struct unit_decoded *dec)
{
	const struct unit_table *table = find_table(unit, root, stage, levels);

	if (!table)
		return false;
	if (table->snooped && !dec->snoops)
		unit_fail(unit, "a table that is not written back is walked without snooping");
	/* A second stage alone says so for each page. */
	if (table->forced && dec->type != UNIT_SS && !dec->page_snoops)
		unit_fail(unit, "pages are accessed without the snooping that is forced");
	return true;
}

/* Does a present entry point to what its type makes of the pointers? */
static bool points_to_tables(struct unit_model *unit,
			     const struct unit_decoded *dec)
{
	switch (dec->type) {
	case UNIT_FS:
		return check_table(unit, dec->fs, UNIT_STAGE_FS,
				   dec->fs_levels, dec);
	case UNIT_SS:
		return check_table(unit, dec->ss, UNIT_STAGE_SS,
				   dec->ss_levels, dec);
	case UNIT_NESTED:
		return check_table(unit, dec->ss, UNIT_STAGE_SS,
				   dec->ss_levels, dec) &&
		       check_table(unit, dec->fs, UNIT_STAGE_GUEST,
				   dec->fs_levels, dec);
	case UNIT_PT:
		return true;
	default:
		return false;
	}
}

static bool has_type(const struct unit_model *unit, enum unit_type type)
{
	switch (type) {
	case UNIT_FS:
		return ecap_flts(unit->ecap);
	case UNIT_SS:
		return ecap_slts(unit->ecap);
	case UNIT_NESTED:
		return ecap_nest(unit->ecap);
	default:
		return ecap_pass_through(unit->ecap);
	}
}

/* VT-d spec, section 6.1: as this the unit caches what is not present. */
static bool has_reserved_did(const struct unit_model *unit,
			     const struct unit_decoded *dec)
{
	return !dec->did && cap_caching_mode(unit->cap);
}

static const char *flaw_scalable(const struct unit_model *unit, const u64 *val,
				 const struct unit_decoded *dec)
{
	bool fs = dec->type == UNIT_FS || dec->type == UNIT_NESTED;
	bool ss = dec->type == UNIT_SS || dec->type == UNIT_NESTED;

	if ((val[0] & ~(PASID_PE_P | PASID_PE_FPD | PASID_PE_AW | PASID_PE_PGTT |
			PASID_PE_SSADE | PASID_PE_SSPTPTR)) ||
	    (val[1] & ~(PASID_PE_DID | PASID_PE_PWSNP | PASID_PE_PGSNP)) ||
	    (val[2] & ~(PASID_PE_SRE | PASID_PE_FSPM | PASID_PE_WPE |
			PASID_PE_EAFE | PASID_PE_FSPTPTR)) ||
	    memchr_inv(&val[3], 0, 5 * sizeof(u64)))
		return "reserved bits";
	if (!has_type(unit, dec->type))
		return "a type that the unit does not have";
	if (has_reserved_did(unit, dec))
		return "a reserved DID";
	if (dec->snoops && !ecap_smpwc(unit->ecap))
		return "snooping walks that the unit does not have";
	if (fs && (val[1] & PASID_PE_PGSNP) && !ecap_sc_support(unit->ecap))
		return "snoop control that the unit does not have";
	if (fs && (val[2] & PASID_PE_SRE) && !ecap_srs(unit->ecap))
		return "supervisor requests that the unit does not have";
	if (fs && (val[2] & PASID_PE_EAFE) && !ecap_eafs(unit->ecap))
		return "extended access flags that the unit does not have";
	if (fs && dec->fs_levels > 4 && !cap_fl5lp_support(unit->cap))
		return "5 levels that the unit does not have";
	if (ss && (val[0] & PASID_PE_SSADE) && !ecap_slads(unit->ecap))
		return "dirty tracking that the unit does not have";
	return NULL;
}

static const char *flaw_legacy(const struct unit_model *unit, const u64 *val,
			       const struct unit_decoded *dec)
{
	if ((val[0] & GENMASK_ULL(11, 4)) || (val[1] & GENMASK_ULL(63, 24)) ||
	    (val[1] & BIT_ULL(7)))
		return "reserved bits";
	if (FIELD_GET(CONTEXT_TT, val[0]) == 3)
		return "a reserved type";
	if (has_reserved_did(unit, dec))
		return "a reserved DID";
	if (dec->ats && !ecap_dev_iotlb_support(unit->ecap))
		return "device TLBs that the unit does not have";
	if (dec->type == UNIT_PT && dec->ss_levels != unit->iommu->msagaw + 2)
		return "pass-through with another than the largest width";
	return NULL;
}

/**
 * unit_entry_is_sane - check a present entry
 * @unit: the unit
 * @entry: the entry
 * @dec: what it says
 *
 * Context: Any. machine->lock is held.
 * Return: whether it can be walked; what is wrong with it is a failure.
 */
bool unit_entry_is_sane(struct unit_model *unit, const struct unit_entry *entry,
			const struct unit_decoded *dec)
{
	const char *flaw;

	if (!points_to_tables(unit, dec)) {
		unit_fail(unit, "torn entry: type %u, DID %u, SS %#llx/%u, FS %#llx/%u",
			  dec->type, dec->did, dec->ss, dec->ss_levels, dec->fs,
			  dec->fs_levels);
		return false;
	}

	flaw = unit_scalable(unit) ? flaw_scalable(unit, entry->val, dec) :
				     flaw_legacy(unit, entry->val, dec);
	if (flaw)
		unit_fail(unit, "entry of type %u with %s: %#llx %#llx %#llx",
			  dec->type, flaw, entry->val[0], entry->val[1],
			  entry->val[2]);
	return !flaw;
}

/*
 * The way there
 */

struct fetch {
	struct unit_requester *req;
	bool ats;
};

static bool is_present(const struct unit_entry *entry)
{
	return entry->val[0] & PASID_PE_P;
}

static void fetched_entry(struct unit_model *unit, struct unit_cell *cell,
			  const struct unit_entry *entry, void *arg)
{
	struct fetch *fetch = arg;
	struct unit_entry found = *entry;

	found.ats = fetch->ats;
	if (!is_present(entry))
		unit_may_fault(fetch->req, "entry not present");
	if (is_present(entry) || cap_caching_mode(unit->cap))
		unit_cache_entry(unit, &fetch->req->entry, &found);
}

static u64 table_of(const struct unit_entry *entry)
{
	return entry->val[0] & TABLE_POINTER;
}

static void fetched_directory(struct unit_model *unit, struct unit_cell *cell,
			      const struct unit_entry *entry, void *arg)
{
	struct fetch *fetch = arg;
	u32 pasid = fetch->req->pasid;
	struct unit_cell *next;

	if (!(entry->val[0] & DIRECTORY_PRESENT)) {
		unit_may_fault(fetch->req, "no PASID table");
		return;
	}
	if (entry->val[0] & DIRECTORY_RESERVED)
		unit_fail(unit, "reserved bits in a PASID directory");

	next = unit_cell(unit, table_of(entry) + 64 * (pasid & 63),
			 UNIT_CELL_PASID);
	if (!next)
		return;
	next->sid = fetch->req->sid;
	next->pasid = pasid;
	unit_cell_combine(unit, next, fetched_entry, arg);
}

static const char *flaw_scalable_context(const struct unit_model *unit,
					 const u64 *val)
{
	if ((val[0] & ~(CONTEXT_P | CONTEXT_FPD | CONTEXT_SM_DTE |
			CONTEXT_SM_PASIDE | CONTEXT_SM_PRE | CONTEXT_SM_PDTS |
			CONTEXT_SM_PASIDDIRPTR)) ||
	    (val[1] & ~CONTEXT_SM_RID_PASID) || val[2] || val[3])
		return "reserved bits";
	if ((val[0] & CONTEXT_SM_DTE) && !ecap_dev_iotlb_support(unit->ecap))
		return "device TLBs that the unit does not have";
	if ((val[0] & CONTEXT_SM_PASIDE) && !ecap_pasid(unit->ecap))
		return "PASIDs that the unit does not have";
	if ((val[0] & CONTEXT_SM_PRE) && !ecap_prs(unit->ecap))
		return "page requests that the unit does not have";
	return NULL;
}

/* A scalable mode context entry leads to a PASID directory. */
static void follow_context(struct unit_model *unit, struct unit_requester *req,
			   const struct unit_entry *entry)
{
	u64 pdts = FIELD_GET(CONTEXT_SM_PDTS, entry->val[0]);
	struct fetch fetch = {
		.req = req,
		.ats = entry->val[0] & CONTEXT_SM_DTE,
	};
	u32 pasid = req->pasid;
	struct unit_cell *next;
	const char *flaw;

	if (!is_present(entry)) {
		unit_may_fault(req, "context entry not present");
		return;
	}
	flaw = flaw_scalable_context(unit, entry->val);
	if (flaw) {
		unit_fail(unit, "context entry with %s: %#llx %#llx", flaw,
			  entry->val[0], entry->val[1]);
		return;
	}
	if (pasid == IOMMU_NO_PASID) {
		pasid = FIELD_GET(CONTEXT_SM_RID_PASID, entry->val[1]);
		if (pasid != IOMMU_NO_PASID)
			unit_fail(unit, "requests without PASID use PASID %u",
				  pasid);
	} else if (!(entry->val[0] & CONTEXT_SM_PASIDE)) {
		unit_may_fault(req, "PASIDs are not enabled");
		return;
	}
	if (pasid >> PASID_TABLE_SHIFT >= BIT_ULL(pdts + 7)) {
		unit_may_fault(req, "PASID beyond the directory");
		return;
	}

	next = unit_cell(unit, table_of(entry) +
			 (pasid >> PASID_TABLE_SHIFT) * sizeof(u64),
			 UNIT_CELL_DIRECTORY);
	if (next)
		unit_cell_combine(unit, next, fetched_directory, &fetch);
}

static void fetched_context(struct unit_model *unit, struct unit_cell *cell,
			    const struct unit_entry *entry, void *arg)
{
	struct fetch *fetch = arg;

	if (!unit_scalable(unit)) {
		fetched_entry(unit, cell, entry, arg);
		return;
	}
	if (is_present(entry) || cap_caching_mode(unit->cap))
		unit_cache_entry(unit, &fetch->req->context, entry);
	else
		unit_may_fault(fetch->req, "context entry not present");
}

static void fetched_root(struct unit_model *unit, struct unit_cell *cell,
			 const struct unit_entry *entry, void *arg)
{
	struct fetch *fetch = arg;
	unsigned int index = fetch->req->sid & 0xff, size = 16;
	struct unit_cell *next;

	if (!(entry->val[0] & ROOT_PRESENT)) {
		unit_may_fault(fetch->req, "root entry not present");
		return;
	}
	if (entry->val[0] & ROOT_RESERVED)
		unit_fail(unit, "reserved bits in a root entry");
	if (unit_scalable(unit)) {
		index &= 0x7f;
		size = 32;
	}

	next = unit_cell(unit, table_of(entry) + index * size,
			 UNIT_CELL_CONTEXT);
	if (!next)
		return;
	next->sid = fetch->req->sid;
	unit_cell_combine(unit, next, fetched_context, arg);
}

static u64 root_of(const struct unit_model *unit,
		   const struct unit_requester *req)
{
	u64 root = unit->root + PCI_BUS_NUM(req->sid) * 16;

	/* Scalable mode has a table for each half of a bus. */
	return unit_scalable(unit) && (req->sid & 0x80) ? root + 8 : root;
}

/**
 * unit_fetch - fetch all entries that a requester's requests may find
 * @unit: the unit
 * @req: the requester
 *
 * Context: Any. machine->lock is held.
 */
void unit_fetch(struct unit_model *unit, struct unit_requester *req)
{
	struct fetch fetch = { .req = req };
	struct unit_cell *cell;
	unsigned int i;

	cell = unit_cell(unit, root_of(unit, req), UNIT_CELL_ROOT);
	if (cell)
		unit_cell_combine(unit, cell, fetched_root, &fetch);

	if (!unit_scalable(unit))
		return;
	if (!req->context.num)
		unit_may_fault(req, "no context entry");
	for (i = 0; i < req->context.num; i++)
		follow_context(unit, req, &req->context.entry[i]);
}

/**
 * unit_live_entry - find the entry that translates a requester
 * @unit: the unit
 * @req: the requester
 *
 * By what is in memory now; for tests that look at entries.
 *
 * Context: Any.
 * Return: the entry; NULL if there is no table for it.
 */
u64 *unit_live_entry(struct unit_model *unit, const struct unit_requester *req)
{
	unsigned int index = req->sid & 0xff;
	u64 *entry = phys_to_virt(root_of(unit, req));

	if (!(*entry & ROOT_PRESENT))
		return NULL;
	entry = phys_to_virt(*entry & TABLE_POINTER);
	if (!unit_scalable(unit))
		return entry + 2 * index;

	entry += 4 * (index & 0x7f);
	if (!(*entry & CONTEXT_P))
		return NULL;
	entry = phys_to_virt(*entry & TABLE_POINTER);
	entry += req->pasid >> PASID_TABLE_SHIFT;
	if (!(*entry & DIRECTORY_PRESENT))
		return NULL;
	entry = phys_to_virt(*entry & TABLE_POINTER);

	return entry + 8 * (req->pasid & 63);
}
