// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a VT-d unit: what is cached, and what an invalidation takes away
 *
 * An invalidation takes away exactly what the VT-d spec, section 6.5.2, says
 * that it does.
 */

#include <linux/hash.h>
#include <linux/mm.h>

#include "../pasid.h"
#include "unit_model.h"

/* Everything */
const struct unit_range unit_range_all = { 0, U64_MAX };

static bool range_holds(struct unit_range range, u64 addr)
{
	return addr >= range.first && addr <= range.last;
}

static unsigned int hash_of(u16 did, u64 key)
{
	return hash_64(key ^ (u64)did << 40, UNIT_HASH_BITS);
}

static bool range_is_all(struct unit_range range)
{
	return !range.first && range.last == U64_MAX;
}

/*
 * What is added
 */

/**
 * unit_cache_entry - keep an entry that was fetched
 * @unit: the unit
 * @entries: where
 * @entry: the entry
 *
 * Context: Any. machine->lock is held.
 * Return: whether it is new there.
 */
bool unit_cache_entry(struct unit_model *unit, struct unit_entries *entries,
		      const struct unit_entry *entry)
{
	unsigned int i;

	for (i = 0; i < entries->num; i++) {
		struct unit_entry *known = &entries->entry[i];

		if (known->ats != entry->ats ||
		    memcmp(known->val, entry->val, sizeof(entry->val)))
			continue;
		known->in_flight = false;
		return false;
	}

	if (entries->num == UNIT_MAX_ENTRIES) {
		unit_fail(unit, "out of room for entries");
		return false;
	}
	entries->entry[entries->num++] = *entry;
	return true;
}

/**
 * unit_first_tlb - begin to go through translations of an address
 * @unit: the unit
 * @did: their DID
 * @addr: the address
 *
 * &unit_tlb.next goes on. There are others among them.
 *
 * Context: Any. machine->lock is held.
 * Return: index in @unit->tlb, -1 if there is none.
 */
int unit_first_tlb(const struct unit_model *unit, u16 did, u64 addr)
{
	return unit->tlb_head[hash_of(did, addr)];
}

static u64 structure_key(unsigned int level, u64 prefix)
{
	return prefix << 3 | level;
}

/**
 * unit_first_structure - begin to go through cached paging structures
 * @unit: the unit
 * @did: their DID
 * @level: of the table that they point to
 * @addr: an address that they are for
 *
 * &unit_structure.next goes on. There are others among them.
 *
 * Context: Any. machine->lock is held.
 * Return: index in @unit->structure, -1 if there is none.
 */
int unit_first_structure(const struct unit_model *unit, u16 did,
			 unsigned int level, u64 addr)
{
	u64 prefix = addr >> (PAGE_SHIFT + 9 * level);

	return unit->structure_head[hash_of(did, structure_key(level, prefix))];
}

static void hash_tlb(struct unit_model *unit)
{
	unsigned int i;
	int *head;

	memset(unit->tlb_head, 0xff, sizeof(unit->tlb_head));
	for (i = 0; i < unit->num_tlb; i++) {
		head = &unit->tlb_head[hash_of(unit->tlb[i].did,
					       unit->tlb[i].addr)];
		unit->tlb[i].next = *head;
		*head = i;
	}
}

static int *structure_head(struct unit_model *unit,
			   const struct unit_structure *entry)
{
	return &unit->structure_head[hash_of(entry->did,
					     structure_key(entry->level,
							   entry->prefix))];
}

static void hash_structures(struct unit_model *unit)
{
	unsigned int i;
	int *head;

	memset(unit->structure_head, 0xff, sizeof(unit->structure_head));
	for (i = 0; i < unit->num_structures; i++) {
		head = structure_head(unit, &unit->structure[i]);
		unit->structure[i].next = *head;
		*head = i;
	}
}

/**
 * unit_cache_clear - drop all translations and paging structures
 * @unit: the unit
 *
 * Context: Any. machine->lock is held.
 */
void unit_cache_clear(struct unit_model *unit)
{
	unit->num_tlb = 0;
	unit->num_structures = 0;
	unit_rewalk_all(unit);
	hash_tlb(unit);
	hash_structures(unit);
}

static bool same_tlb(const struct unit_tlb *a, const struct unit_tlb *b)
{
	return a->addr == b->addr && a->did == b->did && a->type == b->type &&
	       a->pasid == b->pasid && a->gpa == b->gpa && a->out == b->out &&
	       a->absent == b->absent;
}

/**
 * unit_cache_tlb - keep a translation in the IOTLB
 * @unit: the unit
 * @tlb: the translation
 *
 * Context: Any. machine->lock is held.
 */
void unit_cache_tlb(struct unit_model *unit, const struct unit_tlb *tlb)
{
	int *head = &unit->tlb_head[hash_of(tlb->did, tlb->addr)], i;

	for (i = *head; i >= 0; i = unit->tlb[i].next)
		if (same_tlb(&unit->tlb[i], tlb))
			return;

	if (unit->num_tlb == UNIT_MAX_TLB) {
		unit_fail(unit, "out of room for translations");
		return;
	}
	unit->tlb[unit->num_tlb] = *tlb;
	unit->tlb[unit->num_tlb].next = *head;
	*head = unit->num_tlb++;
}

static bool same_structure(const struct unit_structure *a,
			   const struct unit_structure *b)
{
	return a->table == b->table && a->did == b->did &&
	       a->stage == b->stage && a->level == b->level &&
	       a->prefix == b->prefix && a->pasid == b->pasid;
}

/**
 * unit_cache_structure - keep an entry of a page table above the last level
 * @unit: the unit
 * @entry: the entry
 *
 * Context: Any. machine->lock is held.
 * Return: whether it is new there.
 */
bool unit_cache_structure(struct unit_model *unit,
			  const struct unit_structure *entry)
{
	int *head = structure_head(unit, entry), i;

	for (i = *head; i >= 0; i = unit->structure[i].next)
		if (same_structure(&unit->structure[i], entry))
			return false;

	if (unit->num_structures == UNIT_MAX_STRUCTURES) {
		unit_fail(unit, "out of room for paging structures");
		return false;
	}
	unit->structure[unit->num_structures] = *entry;
	unit->structure[unit->num_structures].next = *head;
	*head = unit->num_structures++;
	return true;
}

/**
 * unit_cache_atc - keep a translation in a device
 * @unit: the unit
 * @req: whose requests use it
 * @page: the page
 * @out: what it is translated to
 *
 * Context: Any. machine->lock is held.
 */
void unit_cache_atc(struct unit_model *unit, struct unit_requester *req,
		    enum unit_page page, u64 out)
{
	unsigned int i;

	for (i = 0; i < req->num_atc; i++) {
		struct unit_atc *known = &req->atc[i];

		if (known->page != page || known->out != out)
			continue;
		known->under_way = false;
		known->told = false;
		return;
	}

	if (req->num_atc == ARRAY_SIZE(req->atc)) {
		unit_fail(unit, "out of room for translations in an ATC");
		return;
	}
	req->atc[req->num_atc++] = (struct unit_atc){
		.page = page,
		.out = out,
	};
}

/*
 * Translations that go
 */

static bool tlb_is_covered(const struct unit_inv *inv, const struct unit_tlb *tlb)
{
	if (inv->all)
		return true;
	if (tlb->did != inv->did)
		return false;
	if (inv->pasid_based)
		return tlb->type != UNIT_SS && tlb->pasid == inv->pasid &&
		       range_holds(inv->range, tlb->addr);

	return tlb->type != UNIT_FS &&
	       range_holds(inv->range, tlb->type == UNIT_NESTED ? tlb->gpa :
								  tlb->addr);
}

/**
 * unit_rewalk - have entries be walked from again
 * @unit: the unit
 * @but: not this one; NULL for all
 * @did: those with this DID, as their caches have lost or got something
 *
 * Context: Any. machine->lock is held.
 */
void unit_rewalk(struct unit_model *unit, const struct unit_entry *but, u16 did)
{
	struct unit_entries *entries;
	unsigned int i, j;

	for (i = 0; i < unit->num_requesters; i++) {
		entries = &unit->requester[i]->entry;
		for (j = 0; j < entries->num; j++) {
			if (&entries->entry[j] == but ||
			    unit_decode(unit, &entries->entry[j]).did != did)
				continue;
			entries->entry[j].walked = false;
			unit->refill = true;
		}
	}
}

/**
 * unit_rewalk_all - have all entries be walked from again
 * @unit: the unit
 *
 * Context: Any. machine->lock is held.
 */
void unit_rewalk_all(struct unit_model *unit)
{
	struct unit_entries *entries;
	unsigned int i, j;

	unit->refill = true;
	for (i = 0; i < unit->num_requesters; i++) {
		entries = &unit->requester[i]->entry;
		for (j = 0; j < entries->num; j++)
			entries->entry[j].walked = false;
	}
}

static unsigned int structure_shift(const struct unit_structure *entry)
{
	return PAGE_SHIFT + 9 * entry->level;
}

static bool structure_overlaps(const struct unit_structure *entry,
			       struct unit_range range)
{
	u64 first = entry->prefix << structure_shift(entry);
	u64 last = first + (BIT_ULL(structure_shift(entry)) - 1);

	return first <= range.last && last >= range.first;
}

static bool structure_is_covered(const struct unit_inv *inv,
				 const struct unit_structure *entry)
{
	if (inv->all)
		return true;
	if (inv->leaf_only || entry->did != inv->did)
		return false;
	if (inv->pasid_based)
		return entry->stage != UNIT_STAGE_SS &&
		       entry->pasid == inv->pasid &&
		       structure_overlaps(entry, inv->range);

	switch (entry->stage) {
	case UNIT_STAGE_SS:
		return structure_overlaps(entry, inv->range);
	case UNIT_STAGE_GUEST:
		/* The range is one of the second stage. */
		return range_is_all(inv->range);
	default:
		return false;
	}
}

/* Is all that an entry may have brought to the IOTLB taken away? */
static bool entry_is_covered(const struct unit_model *unit,
			     const struct unit_inv *inv,
			     const struct unit_entry *entry, u32 pasid)
{
	struct unit_decoded dec = unit_decode(unit, entry);
	struct unit_tlb tlb = {
		.type = dec.type,
		.did = dec.did,
		.pasid = pasid,
	};

	return range_is_all(inv->range) && tlb_is_covered(inv, &tlb);
}

/*
 * Requests in flight end with the invalidation of all that they may bring to
 * the IOTLB. One of a few pages waits only for requests to these.
 */
static void drain(struct unit_model *unit, struct unit_requester *req,
		  const struct unit_inv *inv)
{
	struct unit_entries *entries = &req->entry;
	unsigned int i, num = 0;

	for (i = 0; i < entries->num; i++)
		if (!entries->entry[i].in_flight ||
		    !entry_is_covered(unit, inv, &entries->entry[i],
				      req->pasid))
			entries->entry[num++] = entries->entry[i];
	entries->num = num;
}

static void pay_iotlb(struct unit_model *unit, struct unit_cell *cell,
		      const struct unit_inv *inv)
{
	if (!(cell->owed & UNIT_OWED_ENTRY) &&
	    entry_is_covered(unit, inv, &cell->was, cell->pasid))
		cell->owed &= ~UNIT_OWED_IOTLB;
}

/**
 * unit_invalidate_iotlb - process an invalidation of the IOTLB
 * @unit: the unit
 * @inv: what of it
 *
 * Context: Any. machine->lock is held.
 */
void unit_invalidate_iotlb(struct unit_model *unit, const struct unit_inv *inv)
{
	unsigned int i, num = 0;

	if (inv->all)
		unit_rewalk_all(unit);
	else
		unit_rewalk(unit, NULL, inv->did);
	for (i = 0; i < unit->num_tlb; i++)
		if (!tlb_is_covered(inv, &unit->tlb[i]))
			unit->tlb[num++] = unit->tlb[i];
	unit->num_tlb = num;
	hash_tlb(unit);

	num = 0;
	for (i = 0; i < unit->num_structures; i++)
		if (!structure_is_covered(inv, &unit->structure[i]))
			unit->structure[num++] = unit->structure[i];
	unit->num_structures = num;
	hash_structures(unit);

	for (i = 0; i < unit->num_requesters; i++)
		drain(unit, unit->requester[i], inv);
	for (i = 0; i < unit->num_cells; i++)
		pay_iotlb(unit, &unit->cell[i], inv);
}

/*
 * ATCs
 */

static bool atc_is_covered(const struct unit_model *unit,
			   const struct unit_requester *req,
			   const struct unit_inv *inv,
			   const struct unit_atc *atc)
{
	return req->sid == req->function->sid && inv->sid == req->sid &&
	       inv->pasid == req->pasid &&
	       range_holds(inv->range, unit->machine->page[atc->page]);
}

static void invalidate_atc_of(struct unit_model *unit,
			      struct unit_requester *req,
			      const struct unit_inv *inv)
{
	unsigned int i, num = 0;

	for (i = 0; i < req->num_atc; i++) {
		struct unit_atc *atc = &req->atc[i];

		if (!atc_is_covered(unit, req, inv, atc) ||
		    (req->function->tell_twice && !atc->told)) {
			atc->told |= atc_is_covered(unit, req, inv, atc);
			req->atc[num++] = *atc;
		}
	}
	req->num_atc = num;
}

/**
 * unit_invalidate_atc - process the invalidation of an ATC
 * @unit: the unit
 * @inv: what of which
 *
 * Its completion comes after all writes that were translated before.
 *
 * Context: Any. machine->lock is held.
 */
void unit_invalidate_atc(struct unit_model *unit, const struct unit_inv *inv)
{
	unsigned int i;

	for (i = 0; i < unit->num_requesters; i++)
		invalidate_atc_of(unit, unit->requester[i], inv);

	for (i = 0; i < unit->num_cells; i++) {
		struct unit_cell *cell = &unit->cell[i];

		if (cell->owed == UNIT_OWED_ATC && cell->sid == inv->sid &&
		    cell->pasid == inv->pasid && range_is_all(inv->range))
			cell->owed = 0;
	}
}

/*
 * Entries
 */

/*
 * Drop the cached entries that have a DID, or all. What is not present is
 * cached as DID 0. Requests that have got past the entry go on until the IOTLB
 * is invalidated.
 */
static void drop_entries(struct unit_model *unit, struct unit_requester *req,
			 u16 did, bool all)
{
	struct unit_entries *entries = &req->entry;
	unsigned int i, num = 0;

	for (i = 0; i < entries->num; i++) {
		struct unit_entry entry = entries->entry[i];
		struct unit_decoded dec = unit_decode(unit, &entry);

		if (all || dec.did == did) {
			if (dec.type == UNIT_NONE)
				continue;
			entry.in_flight = true;
		}
		entries->entry[num++] = entry;
	}
	entries->num = num;
}

static void pay_entry(struct unit_model *unit, struct unit_cell *cell, u16 did,
		      bool all)
{
	if (!all && unit_decode(unit, &cell->was).did != did)
		return;

	cell->owed &= ~UNIT_OWED_ENTRY;
}

/**
 * unit_invalidate_pasid - process an invalidation of the PASID-cache
 * @unit: the unit
 * @did: of this DID
 * @pasid: of this PASID
 * @gran: or of more
 *
 * Context: Any. machine->lock is held.
 */
void unit_invalidate_pasid(struct unit_model *unit, u16 did, u32 pasid,
			   u64 gran)
{
	bool all = gran == QI_PC_GLOBAL;
	unsigned int i;

	unit->counts.syncs++;
	for (i = 0; i < unit->num_requesters; i++) {
		struct unit_requester *req = unit->requester[i];

		if (gran != QI_PC_PASID_SEL || req->pasid == pasid)
			drop_entries(unit, req, did, all);
	}
	for (i = 0; i < unit->num_cells; i++) {
		struct unit_cell *cell = &unit->cell[i];

		if (cell->kind != UNIT_CELL_PASID &&
		    cell->kind != UNIT_CELL_DIRECTORY)
			continue;
		if (cell->kind == UNIT_CELL_PASID && gran == QI_PC_PASID_SEL &&
		    cell->pasid != pasid)
			continue;
		unit_end_window(cell);
		if (cell->kind == UNIT_CELL_PASID)
			pay_entry(unit, cell, did, all);
	}
}

/* In scalable mode the context entries themselves have no DID. */
static void drop_contexts(struct unit_model *unit, struct unit_requester *req,
			  u16 did, u64 gran)
{
	if (!unit_scalable(unit))
		drop_entries(unit, req, did, gran == 1);
	else if (gran != 2)
		req->context.num = 0;
}

/**
 * unit_invalidate_context - process an invalidation of the context-cache
 * @unit: the unit
 * @did: of this DID
 * @sid: of this requester ID
 * @gran: 1 for all, 2 for all of the DID, 3 for the requester
 *
 * Context: Any. machine->lock is held.
 */
void unit_invalidate_context(struct unit_model *unit, u16 did, u16 sid,
			     u64 gran)
{
	unsigned int i;

	if (!unit_scalable(unit))
		unit->counts.syncs++;
	for (i = 0; i < unit->num_requesters; i++) {
		struct unit_requester *req = unit->requester[i];

		if (gran != 3 || req->sid == sid)
			drop_contexts(unit, req, did, gran);
	}
	for (i = 0; i < unit->num_cells; i++) {
		struct unit_cell *cell = &unit->cell[i];

		if (cell->kind != UNIT_CELL_CONTEXT &&
		    cell->kind != UNIT_CELL_ROOT)
			continue;
		if (cell->kind == UNIT_CELL_CONTEXT && gran == 3 &&
		    cell->sid != sid)
			continue;
		unit_end_window(cell);
		if (cell->kind == UNIT_CELL_CONTEXT)
			pay_entry(unit, cell, did,
				  gran == 1 || unit_scalable(unit));
	}
}
