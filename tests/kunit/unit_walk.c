// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a VT-d unit: from an entry to addresses
 *
 * Each walk begins at the root and at every entry of the paging-structure
 * caches that has the walk's tag. The tag is the DID, and the PASID for first
 * stages, and nothing else: not the root, not whether a first stage is
 * host-physical or a guest's. So a walk may go on where a walk of another table
 * left off, as long as that has not been invalidated.
 */

#include <linux/mm.h>
#include <linux/pci_regs.h>

#include "unit_model.h"

#define PTE_TABLE		GENMASK_ULL(51, 12)
#define PTE_ANY_LARGE		BIT_ULL(7)
#define FS_PTE_PRESENT		BIT_ULL(0)
#define SS_PTE_PRESENT		GENMASK_ULL(1, 0)

static const char * const unit_page_name[UNIT_NUM_PAGES] = {
	[UNIT_PAGE_KEPT] = "kept",
	[UNIT_PAGE_VICTIM] = "victim",
	[UNIT_PAGE_RUN_FIRST] = "first of a run",
	[UNIT_PAGE_RUN_LAST] = "last of a run",
	[UNIT_PAGE_BIG] = "big",
	[UNIT_PAGE_TABLE] = "of a table",
	[UNIT_PAGE_HOLE] = "hole",
};

#define MAX_LEVELS		5

/* A walk for one address; @seen: the tables that it has gone through */
struct walk {
	struct unit_model *unit;
	struct unit_requester *req;
	const struct unit_entry *entry;
	const struct unit_decoded *dec;
	u64 addr;
	bool absent;
	bool found;
	u64 seen[MAX_LEVELS + 1];
};

/* What second-stage walks for one address may find, and went through */
struct outs {
	unsigned int num;
	u64 out[UNIT_MAX_OUTS];
	bool absent;
	u64 seen[MAX_LEVELS + 1];
};

static void add_out(struct unit_model *unit, struct outs *outs, u64 out)
{
	unsigned int i;

	for (i = 0; i < outs->num; i++)
		if (outs->out[i] == out)
			return;
	if (outs->num == UNIT_MAX_OUTS) {
		unit_fail(unit, "out of room for second-stage translations");
		return;
	}
	outs->out[outs->num++] = out;
}

/* Read an entry of a page table, which must not have been freed. */
static bool read_pte(struct unit_model *unit, u64 table, u64 addr,
		     unsigned int level, u64 *pte)
{
	unsigned int index = (addr >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
	u64 *entry;

	if (!unit_hold_page(unit, table))
		return false;
	if (unit_page_is_freed(unit->machine, table)) {
		unit_fail(unit, "a page table is walked that was freed (level %u, for %#llx)",
			  level, addr);
		return false;
	}
	entry = phys_to_virt(table);
	*pte = READ_ONCE(entry[index]);
	return true;
}

/* Address that a leaf of @level maps @addr to */
static u64 leaf_out(u64 pte, u64 addr, unsigned int level)
{
	u64 offset = GENMASK_ULL(PAGE_SHIFT - 1 + 9 * (level - 1), 0);

	return (pte & PTE_TABLE & ~offset) | (addr & offset & PAGE_MASK);
}

static bool is_leaf(u64 pte, unsigned int level)
{
	return level == 1 || (pte & PTE_ANY_LARGE);
}

static void keep_structure(struct walk *walk, enum unit_stage stage, u64 addr,
			   unsigned int level, u64 table)
{
	struct unit_structure entry = {
		.stage = stage,
		.did = walk->dec->did,
		.level = level,
		.prefix = addr >> (PAGE_SHIFT + 9 * level),
		.table = table,
	};

	if (stage != UNIT_STAGE_SS)
		entry.pasid = walk->req->pasid;
	/* Others may go on from there. */
	if (unit_cache_structure(walk->unit, &entry))
		unit_rewalk(walk->unit, walk->entry, entry.did);
}

/*
 * Second stage
 */

static void keep_second(struct walk *walk, u64 addr, u64 out, bool absent)
{
	struct unit_tlb tlb = {
		.type = UNIT_SS,
		.absent = absent,
		.did = walk->dec->did,
		.addr = addr,
		.out = out,
	};

	unit_cache_tlb(walk->unit, &tlb);
}

/* Caching mode: neither the address nor the entry for it is there. */
static void keep_absent(struct walk *walk, u64 addr, unsigned int level)
{
	keep_second(walk, addr, 0, true);
	if (level > 1)
		keep_structure(walk, UNIT_STAGE_SS, addr, level - 1, 0);
}

static void second_from(struct walk *walk, u64 table, unsigned int level,
			u64 addr, struct outs *outs)
{
	u64 pte;

	for (;; level--) {
		if (!read_pte(walk->unit, table, addr, level, &pte))
			return;
		if (!(pte & SS_PTE_PRESENT)) {
			outs->absent = true;
			if (cap_caching_mode(walk->unit->cap))
				keep_absent(walk, addr, level);
			return;
		}
		if (is_leaf(pte, level)) {
			add_out(walk->unit, outs, leaf_out(pte, addr, level));
			keep_second(walk, addr, leaf_out(pte, addr, level),
				    false);
			return;
		}
		table = pte & PTE_TABLE;
		if (!outs->seen[level - 1])
			outs->seen[level - 1] = table;
		keep_structure(walk, UNIT_STAGE_SS, addr, level - 1, table);
	}
}

static void second_from_caches(struct walk *walk, unsigned int level, u64 addr,
			       struct outs *outs)
{
	struct unit_model *unit = walk->unit;
	u64 prefix = addr >> (PAGE_SHIFT + 9 * level);
	int i, next;

	for (i = unit_first_structure(unit, walk->dec->did, level, addr);
	     i >= 0; i = next) {
		const struct unit_structure *entry = &unit->structure[i];

		next = entry->next;
		if (entry->stage != UNIT_STAGE_SS || entry->level != level ||
		    entry->did != walk->dec->did || entry->prefix != prefix)
			continue;
		if (!entry->table)
			outs->absent = true;
		else if (entry->table != outs->seen[level])
			second_from(walk, entry->table, level, addr, outs);
	}
}

/* All that may come out for an address of a second stage */
static struct outs second_stage(struct walk *walk, u64 addr)
{
	struct unit_model *unit = walk->unit;
	struct outs outs = {};
	unsigned int level;
	int i;

	addr &= PAGE_MASK;
	second_from(walk, walk->dec->ss, walk->dec->ss_levels, addr, &outs);
	for (level = 1; level < walk->dec->ss_levels; level++)
		second_from_caches(walk, level, addr, &outs);

	for (i = unit_first_tlb(unit, walk->dec->did, addr); i >= 0;
	     i = unit->tlb[i].next) {
		const struct unit_tlb *tlb = &unit->tlb[i];

		if (tlb->type != UNIT_SS || tlb->did != walk->dec->did ||
		    tlb->addr != addr)
			continue;
		if (tlb->absent)
			outs.absent = true;
		else
			add_out(unit, &outs, tlb->out);
	}
	return outs;
}

/*
 * First stage
 */

static void keep_first(struct walk *walk, u64 gpa, u64 out)
{
	struct unit_tlb tlb = {
		.type = walk->dec->type,
		.did = walk->dec->did,
		.pasid = walk->req->pasid,
		.addr = walk->addr,
		.gpa = gpa,
		.out = out,
	};

	walk->found = true;
	unit_cache_tlb(walk->unit, &tlb);
}

static void first_leaf(struct walk *walk, u64 out)
{
	struct outs outs;
	unsigned int i;

	if (walk->dec->type != UNIT_NESTED) {
		keep_first(walk, 0, out);
		return;
	}

	outs = second_stage(walk, out);
	walk->absent |= outs.absent;
	for (i = 0; i < outs.num; i++)
		keep_first(walk, out, outs.out[i]);
}

static void first_from(struct walk *walk, u64 table, unsigned int level);

/* @table: where the host has it */
static void first_at(struct walk *walk, u64 table, unsigned int level)
{
	bool nested = walk->dec->type == UNIT_NESTED;
	u64 pte;

	if (!read_pte(walk->unit, table, walk->addr, level, &pte))
		return;
	if (!(pte & FS_PTE_PRESENT)) {
		walk->absent = true;
		return;
	}
	if (is_leaf(pte, level)) {
		first_leaf(walk, leaf_out(pte, walk->addr, level));
		return;
	}
	table = pte & PTE_TABLE;
	if (!walk->seen[level - 1])
		walk->seen[level - 1] = table;
	keep_structure(walk, nested ? UNIT_STAGE_GUEST : UNIT_STAGE_FS,
		       walk->addr, level - 1, table);
	first_from(walk, table, level - 1);
}

/* @table: as the first stage has it */
static void first_from(struct walk *walk, u64 table, unsigned int level)
{
	struct outs outs;
	unsigned int i;

	if (walk->dec->type != UNIT_NESTED) {
		first_at(walk, table, level);
		return;
	}

	outs = second_stage(walk, table);
	walk->absent |= outs.absent;
	for (i = 0; i < outs.num; i++)
		first_at(walk, outs.out[i], level);
}

/* The tag does not say whose pointer it is. */
static void first_from_entry(struct walk *walk,
			     const struct unit_structure *entry)
{
	bool nested = walk->dec->type == UNIT_NESTED;

	if (entry->stage == (nested ? UNIT_STAGE_GUEST : UNIT_STAGE_FS)) {
		if (entry->table != walk->seen[entry->level])
			first_from(walk, entry->table, entry->level);
	} else if (nested) {
		unit_fail(walk->unit, "%s: DID %u lends a host's pointer to a nested walk",
			  walk->req->function->name, entry->did);
	} else {
		unit_fail(walk->unit, "%s: DID %u lends a guest's pointer to a first-stage walk",
			  walk->req->function->name, entry->did);
	}
}

static void first_from_caches(struct walk *walk, unsigned int level)
{
	struct unit_model *unit = walk->unit;
	u64 prefix = walk->addr >> (PAGE_SHIFT + 9 * level);
	int i, next;

	for (i = unit_first_structure(unit, walk->dec->did, level, walk->addr);
	     i >= 0; i = next) {
		struct unit_structure entry = unit->structure[i];

		next = entry.next;
		if (entry.stage != UNIT_STAGE_SS && entry.level == level &&
		    entry.did == walk->dec->did && entry.prefix == prefix &&
		    entry.pasid == walk->req->pasid)
			first_from_entry(walk, &entry);
	}
}

static void first_stage(struct walk *walk)
{
	unsigned int level;

	first_from(walk, walk->dec->fs, walk->dec->fs_levels);
	for (level = 1; level < walk->dec->fs_levels; level++)
		first_from_caches(walk, level);
}

/*
 * Requests
 */

/**
 * unit_may_fault - note that a request may fault
 * @req: whose
 * @why: what may be missing
 *
 * Context: Any. machine->lock is held.
 */
void unit_may_fault(struct unit_requester *req, const char *why)
{
	if (!req->fault)
		req->why = why;
	req->fault = true;
}

/**
 * unit_page_may_fault - note that a request to a page may fault
 * @req: whose
 * @page: the page; no fault is expected if it is mapped by the domain that is
 *        attached, or by both if that changes
 * @why: what may be missing
 *
 * Context: Any. machine->lock is held.
 */
void unit_page_may_fault(struct unit_requester *req, enum unit_page page,
			 const char *why)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(req->grant); i++)
		if (!req->grant[i] || !req->grant[i]->settled[page])
			return;
	unit_may_fault(req, why);
}

/* Returns whether the page may not be found. */
static bool walk_page(struct unit_model *unit, struct unit_requester *req,
		      const struct unit_entry *entry,
		      const struct unit_decoded *dec, enum unit_page page)
{
	struct walk walk = {
		.unit = unit,
		.req = req,
		.entry = entry,
		.dec = dec,
		.addr = unit->machine->page[page],
	};
	struct outs outs;

	switch (dec->type) {
	case UNIT_FS:
	case UNIT_NESTED:
		first_stage(&walk);
		break;
	case UNIT_SS:
		outs = second_stage(&walk, walk.addr);
		walk.absent = outs.absent;
		walk.found = outs.num;
		break;
	default:
		keep_first(&walk, 0, walk.addr);
	}
	return walk.absent || !walk.found;
}

static void walk_entry(struct unit_model *unit, struct unit_requester *req,
		       const struct unit_decoded *dec, unsigned int index)
{
	struct unit_entry *entry = &req->entry.entry[index];
	enum unit_page page;

	entry->walked = true;
	entry->absent = 0;
	for (page = 0; page < UNIT_NUM_PAGES; page++)
		if (walk_page(unit, req, entry, dec, page))
			entry->absent |= BIT(page);
}

/**
 * unit_ats_enabled - whether a requester may ask for translations
 * @req: the requester
 *
 * Context: Any.
 * Return: whether it may; an alias has no ATC of its own.
 */
bool unit_ats_enabled(const struct unit_requester *req)
{
	const struct unit_function *function = req->function;

	return function->ats_ctrl && req->sid == function->sid &&
	       (READ_ONCE(*function->ats_ctrl) & PCI_ATS_CTRL_ENABLE);
}

/**
 * unit_ats_off - a function's ATS was disabled
 * @req: one of its requesters
 *
 * It uses its ATC no more, but what it has sent before may be under way until
 * it completes an invalidation.
 *
 * Context: Any. machine->lock is held.
 */
void unit_ats_off(struct unit_requester *req)
{
	unsigned int i;

	for (i = 0; i < req->num_atc; i++)
		req->atc[i].under_way = true;
}

/**
 * unit_fill - walk the tables for all pages, by all entries that are cached
 * @unit: the unit
 * @req: whose entries
 *
 * Context: Any. machine->lock is held.
 */
void unit_fill(struct unit_model *unit, struct unit_requester *req)
{
	bool ats = unit_ats_enabled(req);
	struct unit_decoded dec;
	unsigned long page;
	unsigned int i;

	for (i = 0; i < req->entry.num; i++) {
		dec = unit_decode(unit, &req->entry.entry[i]);
		if (dec.type == UNIT_NONE) {
			unit_may_fault(req, "cached as not present");
			continue;
		}
		if (!unit_entry_is_sane(unit, &req->entry.entry[i], &dec))
			continue;

		/* A device with ATS asks for translations. */
		if (ats && !dec.ats)
			unit_may_fault(req, "translation requests are refused");
		if (!req->entry.entry[i].walked)
			walk_entry(unit, req, &dec, i);
		for_each_set_bit(page, &req->entry.entry[i].absent,
				 UNIT_NUM_PAGES)
			unit_page_may_fault(req, page, unit_page_name[page]);
	}
}

/*
 * Would a request through @dec find @tlb in the IOTLB? Pass-through shares a
 * DID with first stage by specification; other types must not share one, and
 * the tag does not tell them apart.
 */
static bool tag_matches(const struct unit_requester *req,
			const struct unit_decoded *dec,
			const struct unit_tlb *tlb)
{
	bool is_pt = tlb->type == UNIT_PT, want_pt = dec->type == UNIT_PT;

	if (tlb->did != dec->did || is_pt != want_pt)
		return false;

	return tlb->type == UNIT_SS || tlb->pasid == req->pasid;
}

static bool is_granted(const struct unit_requester *req, enum unit_page page,
		       u64 out)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(req->grant); i++)
		if (req->grant[i] && req->grant[i]->out[page] &&
		    req->grant[i]->out[page] == out)
			return true;
	return false;
}

static const char *grant_name(const struct unit_grant *grant)
{
	return grant ? grant->name : "blocked";
}

static void check_use(struct unit_model *unit, struct unit_requester *req,
		      enum unit_page page, u64 out, const char *source,
		      unsigned int type, unsigned int did)
{
	if (is_granted(req, page, out))
		return;

	unit_fail(unit, "%s: %s has page '%s' as %#llx (type %u, DID %u) of neither %s nor %s",
		  req->function->name, source, unit_page_name[page], out, type,
		  did, grant_name(req->grant[0]), grant_name(req->grant[1]));
}

static void use_page(struct unit_model *unit, struct unit_requester *req,
		     const struct unit_decoded *dec, const struct unit_tlb *tlb,
		     enum unit_page page)
{
	if (tlb->absent) {
		unit_page_may_fault(req, page, "cached as not mapped");
		return;
	}
	check_use(unit, req, page, tlb->out, "IOTLB", tlb->type, tlb->did);
	if (dec->ats && unit_ats_enabled(req))
		unit_cache_atc(unit, req, page, tlb->out);
}

static void hit_page(struct unit_model *unit, struct unit_requester *req,
		     const struct unit_decoded *dec, enum unit_page page)
{
	u64 addr = unit->machine->page[page];
	int i;

	for (i = unit_first_tlb(unit, dec->did, addr); i >= 0;
	     i = unit->tlb[i].next)
		if (unit->tlb[i].addr == addr &&
		    tag_matches(req, dec, &unit->tlb[i]))
			use_page(unit, req, dec, &unit->tlb[i], page);
}

/**
 * unit_hit - use all that a requester's requests may find in caches
 * @unit: the unit
 * @req: the requester
 *
 * Context: Any. machine->lock is held.
 */
void unit_hit(struct unit_model *unit, struct unit_requester *req)
{
	struct unit_decoded dec;
	enum unit_page page;
	unsigned int i;

	if (req->function->gone)
		return;
	for (i = 0; i < req->entry.num; i++) {
		dec = unit_decode(unit, &req->entry.entry[i]);
		if (dec.type == UNIT_NONE)
			continue;
		for (page = 0; page < UNIT_NUM_PAGES; page++)
			hit_page(unit, req, &dec, page);
	}

	for (i = 0; i < req->num_atc; i++)
		check_use(unit, req, req->atc[i].page, req->atc[i].out,
			  req->atc[i].under_way ? "a translated write under way" :
						  "ATC", 0, 0);
}

static bool entry_translates(struct unit_model *unit,
			     struct unit_requester *req,
			     const struct unit_entry *entry,
			     enum unit_page page, u64 out)
{
	struct unit_decoded dec = unit_decode(unit, entry);
	unsigned int i;

	for (i = 0; i < unit->num_tlb; i++)
		if (unit->tlb[i].addr == unit->machine->page[page] &&
		    unit->tlb[i].out == out &&
		    tag_matches(req, &dec, &unit->tlb[i]))
			return true;
	return false;
}

/**
 * unit_translates - whether a request gets an address and cannot fault
 * @unit: the unit, just observed
 * @req: whose request
 * @page: the page
 * @out: what it should be translated to
 *
 * Entries that requests under way have found may differ in what is not used.
 *
 * Context: Any. machine->lock is held.
 * Return: whether it is.
 */
bool unit_translates(struct unit_model *unit, struct unit_requester *req,
		     enum unit_page page, u64 out)
{
	unsigned int i;

	for (i = 0; i < req->entry.num; i++)
		if (!entry_translates(unit, req, &req->entry.entry[i], page, out))
			return false;
	return req->entry.num && !req->fault;
}
