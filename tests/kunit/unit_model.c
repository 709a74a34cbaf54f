// SPDX-License-Identifier: GPL-2.0
/*
 * A software model of a VT-d unit, for KUnit tests of the driver
 */

/**
 * DOC: the unit and its adversary
 *
 * The driver runs unchanged above three functions that the model replaces:
 * entry_sync_store(), through which entries are written, iommu_write_back(),
 * and qi_submit_sync(). The model never chooses what hardware happens to do. It
 * keeps *sets*: all entries that may have been fetched, all translations that
 * may be cached. After each store and each completed descriptor, an adversary
 * adds whatever can be had:
 *
 * - of each entry, every combination of what its quanta held since the last
 *   completed sync (the fetch model of entry_sync.c);
 * - through each such entry, the translation of each page, by walking the real
 *   page tables, into the IOTLB under the entry's DID and the PASID;
 * - whatever is cached under these tags by other devices;
 * - all that into the ATC, if the device's ATS is enabled.
 *
 * An invalidation takes away exactly what the VT-d spec says that it does, so
 * what is left is what hardware may still use. An entry that is dropped from its
 * cache stays with the requests that have found it there before; these end when
 * the IOTLB is invalidated for all of the entry's DID, or DID and PASID.
 *
 * Descriptors that no fence parts may be processed in any order. A cache that
 * is invalidated before the one that it is filled from may be filled with stale
 * data again. So the model processes the ATC first, then the IOTLB, then the
 * PASID-cache and the context-cache: what is left after another order, would
 * be left after this one, too. None of them has an effect before the fence, as
 * the fetches and walks under way end only there.
 *
 * **What is checked.** Each translation that a device can have must be one that
 * is granted to it: by the old or the new domain while it changes domains, else
 * by its only domain. Entries may point to tables that exist, as what they are
 * and with their number of levels, and to nothing else. Entries must not change
 * other than through entry_sync_store().
 *
 * **What is left out.** Paging-structure caches, accessed and dirty bits, page
 * requests, faults; page tables are taken as coherent.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/bitfield.h>
#include <linux/mm.h>

#include "../entry_format.h"
#include "../../entry_sync.h"
#include "../iommu.h"
#include "../pasid.h"
#include "unit_model.h"

#define QI_TYPE			GENMASK_ULL(3, 0)
#define QI_GRAN			GENMASK_ULL(5, 4)
#define QI_DID			GENMASK_ULL(31, 16)
#define QI_PASID		GENMASK_ULL(51, 32)
#define QI_SID			GENMASK_ULL(47, 32)
#define QI_DEV_EIOTLB_SID_MASK	GENMASK_ULL(31, 16)
#define QI_AM			GENMASK_ULL(5, 0)

#define PTE_TABLE		GENMASK_ULL(51, 12)
#define PTE_ANY_LARGE		BIT_ULL(7)
#define FS_PTE_PRESENT		BIT_ULL(0)
#define SS_PTE_PRESENT		GENMASK_ULL(1, 0)

/* A range of addresses that an invalidation covers */
struct unit_range {
	u64 first;
	u64 last;
};

static const struct unit_range unit_range_all = { 0, U64_MAX };

__printf(2, 3)
static void unit_fail(struct unit_model *unit, const char *fmt, ...)
{
	va_list args;

	if (unit->failure[0])
		return;

	va_start(args, fmt);
	vscnprintf(unit->failure, sizeof(unit->failure), fmt, args);
	va_end(args);
}

static bool unit_scalable(const struct unit_model *unit)
{
	return sm_supported(unit->iommu);
}

static unsigned int unit_num_words(const struct unit_model *unit)
{
	return unit_scalable(unit) ? 8 : 2;
}

static unsigned int unit_num_quanta(const struct unit_model *unit)
{
	return unit_num_words(unit) / unit->quantum_words;
}

/*
 * Entries
 */

/* An entry as the unit understands it */
struct unit_decoded {
	enum unit_type type;
	u16 did;
	u64 fs;
	unsigned int fs_levels;
	u64 ss;
	unsigned int ss_levels;
	bool ats;
};

static void decode_legacy(const u64 *val, struct unit_decoded *dec)
{
	u64 tt = FIELD_GET(CONTEXT_TT, val[0]);

	dec->type = tt == CONTEXT_TT_PT ? UNIT_PT : UNIT_SS;
	dec->did = FIELD_GET(CONTEXT_DID, val[1]);
	dec->ss = val[0] & CONTEXT_SSPTPTR;
	dec->ss_levels = FIELD_GET(CONTEXT_AW, val[1]) + 2;
	dec->ats = tt == CONTEXT_TT_SECOND_STAGE_ATS;
}

static void decode_scalable(const u64 *val, struct unit_decoded *dec)
{
	dec->type = FIELD_GET(PASID_PE_PGTT, val[0]);
	dec->did = FIELD_GET(PASID_PE_DID, val[1]);
	dec->ss = val[0] & PASID_PE_SSPTPTR;
	dec->ss_levels = FIELD_GET(PASID_PE_AW, val[0]) + 2;
	dec->fs = val[2] & PASID_PE_FSPTPTR;
	dec->fs_levels = FIELD_GET(PASID_PE_FSPM, val[2]) + 4;
	dec->ats = true;
}

static struct unit_decoded unit_decode(const struct unit_model *unit,
				       const struct unit_composite *entry)
{
	struct unit_decoded dec = {};

	/* The present bit is the same one in all formats. */
	if (!(entry->val[0] & PASID_PE_P))
		return dec;

	if (unit_scalable(unit))
		decode_scalable(entry->val, &dec);
	else
		decode_legacy(entry->val, &dec);

	return dec;
}

static bool unit_table_exists(const struct unit_model *unit, u64 root,
			      enum unit_stage stage, unsigned int levels)
{
	unsigned int i;

	for (i = 0; i < unit->num_tables; i++)
		if (unit->table[i].root == root &&
		    unit->table[i].stage == stage &&
		    unit->table[i].levels == levels)
			return true;
	return false;
}

/* Does a present entry point to what its type makes of the pointers? */
static bool unit_entry_sane(const struct unit_model *unit,
			    const struct unit_decoded *dec)
{
	bool ss = unit_table_exists(unit, dec->ss, UNIT_STAGE_SS,
				    dec->ss_levels);

	switch (dec->type) {
	case UNIT_FS:
		return unit_table_exists(unit, dec->fs, UNIT_STAGE_FS,
					 dec->fs_levels);
	case UNIT_SS:
		return ss;
	case UNIT_NESTED:
		return ss && unit_table_exists(unit, dec->fs, UNIT_STAGE_GUEST,
					       dec->fs_levels);
	case UNIT_PT:
		return true;
	default:
		return false;
	}
}

/* Find the entry as soon as the driver has made a table for it. */
static void unit_find_entry(struct unit_model *unit, struct unit_device *ud)
{
	unsigned int i, words = unit->quantum_words;
	struct device_domain_info *info = ud->info;

	if (ud->live)
		return;

	if (unit_scalable(unit))
		ud->live = (u64 *)pasid_entry_lookup(info, ud->pasid);
	else
		ud->live = (u64 *)iommu_context_addr(unit->iommu, info->bus,
						     info->devfn, false);
	if (!ud->live)
		return;

	for (i = 0; i < unit_num_quanta(unit); i++) {
		ud->quantum[i] = (struct unit_quantum){ .num = 1 };
		memcpy(ud->quantum[i].value[0], &ud->live[i * words],
		       words * sizeof(u64));
	}
}

static void unit_check_behind(struct unit_model *unit, struct unit_device *ud)
{
	unsigned int i, words = unit->quantum_words;

	for (i = 0; ud->live && i < unit_num_quanta(unit); i++) {
		struct unit_quantum *quantum = &ud->quantum[i];

		if (memcmp(quantum->value[quantum->num - 1],
			   &ud->live[i * words], words * sizeof(u64)))
			unit_fail(unit, "%s: entry was not written by entry_sync",
				  ud->name);
	}
}

/* What is older than @from was read by nobody or has been invalidated. */
static void quantum_forget(struct unit_quantum *quantum, unsigned int from)
{
	quantum->num -= from;
	quantum->visible -= from;
	memmove(quantum->value, quantum->value[from],
		quantum->num * sizeof(quantum->value[0]));
}

/* All fetches that began so far have ended. */
static void unit_end_window(struct unit_model *unit, struct unit_device *ud)
{
	unsigned int i;

	for (i = 0; ud->live && i < unit_num_quanta(unit); i++)
		quantum_forget(&ud->quantum[i], ud->quantum[i].visible);
}

static void unit_cache_entry(struct unit_model *unit, struct unit_device *ud,
			     const struct unit_composite *entry)
{
	unsigned int i;

	for (i = 0; i < ud->num_cached; i++)
		if (!memcmp(ud->cached[i].val, entry->val, sizeof(entry->val))) {
			ud->cached[i].in_flight = false;
			return;
		}

	if (ud->num_cached == UNIT_MAX_CACHED) {
		unit_fail(unit, "%s: out of room for entries", ud->name);
		return;
	}
	ud->cached[ud->num_cached++] = *entry;
}

static void unit_fetched(struct unit_model *unit, struct unit_device *ud,
			 const struct unit_composite *entry)
{
	struct unit_decoded dec = unit_decode(unit, entry);

	if (dec.type == UNIT_NONE)
		ud->fault = true;
	if (dec.type != UNIT_NONE || cap_caching_mode(unit->iommu->cap))
		unit_cache_entry(unit, ud, entry);
}

/* Fetch each combination of what the quanta may hold, as an odometer counts. */
static void unit_fetch(struct unit_model *unit, struct unit_device *ud)
{
	unsigned int words = unit->quantum_words, num = unit_num_quanta(unit);
	unsigned int choice[UNIT_MAX_QUANTA] = {};
	struct unit_composite entry = {};
	unsigned int i;

	if (!ud->live) {
		ud->fault = true;
		return;
	}

	do {
		for (i = 0; i < num; i++)
			memcpy(&entry.val[i * words],
			       ud->quantum[i].value[choice[i]],
			       words * sizeof(u64));
		unit_fetched(unit, ud, &entry);

		for (i = 0; i < num; i++) {
			if (++choice[i] < ud->quantum[i].num)
				break;
			choice[i] = 0;
		}
	} while (i < num);
}

/*
 * Translations
 */

static u64 unit_read(u64 table, unsigned int index)
{
	u64 *entry = phys_to_virt(table);

	return READ_ONCE(entry[index]);
}

static unsigned int level_index(u64 addr, unsigned int level)
{
	return (addr >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
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

static bool walk_ss(u64 root, unsigned int level, u64 addr, u64 *out)
{
	u64 pte;

	for (;; level--) {
		pte = unit_read(root, level_index(addr, level));
		if (!(pte & SS_PTE_PRESENT))
			return false;
		if (is_leaf(pte, level)) {
			*out = leaf_out(pte, addr, level);
			return true;
		}
		root = pte & PTE_TABLE;
	}
}

/* @dec: for a guest's table, whose addresses go through the second stage */
static bool walk_fs(const struct unit_decoded *dec, u64 addr, u64 *out)
{
	bool nested = dec->type == UNIT_NESTED;
	unsigned int level = dec->fs_levels;
	u64 root = dec->fs, pte;

	for (;; level--) {
		if (nested && !walk_ss(dec->ss, dec->ss_levels, root, &root))
			return false;
		pte = unit_read(root, level_index(addr, level));
		if (!(pte & FS_PTE_PRESENT))
			return false;
		if (is_leaf(pte, level)) {
			*out = leaf_out(pte, addr, level);
			return true;
		}
		root = pte & PTE_TABLE;
	}
}

static bool unit_walk(struct unit_model *unit, const struct unit_decoded *dec,
		      struct unit_tlb *tlb)
{
	u64 addr = unit->page[tlb->page];

	switch (dec->type) {
	case UNIT_FS:
		return walk_fs(dec, addr, &tlb->out);
	case UNIT_SS:
		return walk_ss(dec->ss, dec->ss_levels, addr, &tlb->out);
	case UNIT_NESTED:
		return walk_fs(dec, addr, &tlb->gpa) &&
		       walk_ss(dec->ss, dec->ss_levels, tlb->gpa, &tlb->out);
	case UNIT_PT:
		tlb->out = addr;
		return true;
	default:
		return false;
	}
}

static bool same_tlb(const struct unit_tlb *a, const struct unit_tlb *b)
{
	return a->type == b->type && a->page == b->page && a->did == b->did &&
	       a->pasid == b->pasid && a->gpa == b->gpa && a->out == b->out;
}

static void unit_cache_tlb(struct unit_model *unit, struct unit_cache *cache,
			   const struct unit_tlb *tlb)
{
	unsigned int i;

	for (i = 0; i < cache->num; i++)
		if (same_tlb(&cache->tlb[i], tlb))
			return;

	if (cache->num == UNIT_MAX_TLB) {
		unit_fail(unit, "out of room for translations");
		return;
	}
	cache->tlb[cache->num++] = *tlb;
}

static bool unit_ats_enabled(const struct unit_device *ud)
{
	struct pci_dev *pdev = to_pci_dev(ud->info->dev);
	u16 ctrl = 0;

	if (pdev->ats_cap)
		pci_read_config_word(pdev, pdev->ats_cap + PCI_ATS_CTRL, &ctrl);

	return ctrl & PCI_ATS_CTRL_ENABLE;
}

static bool unit_granted(const struct unit_device *ud,
			 const struct unit_tlb *tlb)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ud->grant); i++)
		if (ud->grant[i] && ud->grant[i]->out[tlb->page] &&
		    ud->grant[i]->out[tlb->page] == tlb->out)
			return true;
	return false;
}

static const char *grant_name(const struct unit_grant *grant)
{
	return grant ? grant->name : "blocked";
}

static void unit_check_use(struct unit_model *unit, struct unit_device *ud,
			   const struct unit_tlb *tlb, const char *source)
{
	static const char * const pages[] = { "kept", "victim", "hole" };

	if (unit_granted(ud, tlb))
		return;

	unit_fail(unit, "%s: %s has page '%s' as %#llx (type %u, DID %u) of neither %s nor %s",
		  ud->name, source, pages[tlb->page], tlb->out, tlb->type,
		  tlb->did, grant_name(ud->grant[0]), grant_name(ud->grant[1]));
}

/*
 * Would a request through @dec find @tlb in the IOTLB? Pass-through shares a
 * DID with first stage by specification; other types must not share one, and
 * the tag does not tell them apart.
 */
static bool unit_tag_matches(const struct unit_device *ud,
			     const struct unit_decoded *dec,
			     const struct unit_tlb *tlb)
{
	bool is_pt = tlb->type == UNIT_PT, want_pt = dec->type == UNIT_PT;

	if (tlb->did != dec->did || is_pt != want_pt)
		return false;

	return tlb->type == UNIT_SS || tlb->pasid == ud->pasid;
}

static void unit_use(struct unit_model *unit, struct unit_device *ud,
		     const struct unit_decoded *dec, const struct unit_tlb *tlb,
		     bool ats)
{
	struct unit_tlb own = *tlb;

	unit_check_use(unit, ud, tlb, "IOTLB");
	/* In the ATC the tag is that of the request. */
	own.pasid = ud->pasid;
	if (ats && dec->ats)
		unit_cache_tlb(unit, &ud->atc, &own);
}

/* Walk the tables for all pages, through all entries that are cached. */
static void unit_fill(struct unit_model *unit, struct unit_device *ud)
{
	bool ats = unit_ats_enabled(ud);
	struct unit_decoded dec;
	unsigned int i, page;

	for (i = 0; i < ud->num_cached; i++) {
		dec = unit_decode(unit, &ud->cached[i]);
		if (dec.type == UNIT_NONE) {
			ud->fault = true;
			continue;
		}
		if (!unit_entry_sane(unit, &dec)) {
			unit_fail(unit, "%s: torn entry: type %u, DID %u, SS %#llx/%u, FS %#llx/%u",
				  ud->name, dec.type, dec.did, dec.ss,
				  dec.ss_levels, dec.fs, dec.fs_levels);
			continue;
		}

		/* A device with ATS asks for translations. */
		if (ats && !dec.ats)
			ud->fault = true;
		for (page = 0; page < UNIT_NUM_PAGES; page++) {
			struct unit_tlb tlb = {
				.type = dec.type,
				.page = page,
				.did = dec.did,
				.pasid = ud->pasid,
			};

			if (unit_walk(unit, &dec, &tlb))
				unit_cache_tlb(unit, &unit->iotlb, &tlb);
			else if (page == UNIT_PAGE_KEPT)
				ud->fault = true;
		}
	}
}

static void unit_hit(struct unit_model *unit, struct unit_device *ud)
{
	bool ats = unit_ats_enabled(ud);
	struct unit_decoded dec;
	unsigned int i, j;

	for (i = 0; i < ud->num_cached; i++) {
		dec = unit_decode(unit, &ud->cached[i]);
		if (dec.type == UNIT_NONE)
			continue;
		for (j = 0; j < unit->iotlb.num; j++)
			if (unit_tag_matches(ud, &dec, &unit->iotlb.tlb[j]))
				unit_use(unit, ud, &dec, &unit->iotlb.tlb[j],
					 ats);
	}

	/* PCIe: setting the enable bit of ATS empties the ATC. */
	if (!ats)
		ud->atc.num = 0;
	for (i = 0; i < ud->atc.num; i++)
		unit_check_use(unit, ud, &ud->atc.tlb[i], "ATC");
}

/* A DID that is free may be somebody else's at any time. */
static void unit_check_dids(struct unit_model *unit)
{
	struct ida *dids = &unit->iommu->domain_ida;
	unsigned int i;
	u16 did;

	for (i = 0; i < unit->iotlb.num; i++) {
		did = unit->iotlb.tlb[i].did;
		if (did >= IDA_START_DID && !ida_exists(dids, did))
			unit_fail(unit, "IOTLB has DID %u, which is free", did);
	}
}

/**
 * unit_observe - let the adversary fetch, walk and use all that it can
 * @unit: the unit
 *
 * Context: Any.
 */
void unit_observe(struct unit_model *unit)
{
	unsigned int i;

	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		unit_find_entry(unit, ud);
		unit_check_behind(unit, ud);
		unit_fetch(unit, ud);
		unit_fill(unit, ud);
	}
	for (i = 0; i < unit->num_devices; i++)
		unit_hit(unit, &unit->device[i]);
	unit_check_dids(unit);
}

static void unit_event(struct unit_model *unit, bool queue_busy)
{
	bool acted;

	unit_observe(unit);
	if (!unit->on_event || unit->in_event)
		return;

	unit->in_event = true;
	acted = unit->on_event(unit, queue_busy);
	unit->in_event = false;
	if (acted)
		unit_observe(unit);
}

/*
 * Invalidation
 */

static bool range_holds(struct unit_range range, u64 addr)
{
	return addr >= range.first && addr <= range.last;
}

static struct unit_range range_by_order(u64 addr, unsigned int order)
{
	u64 size;

	if (order + PAGE_SHIFT >= 64)
		return unit_range_all;

	size = BIT_ULL(order + PAGE_SHIFT);
	addr &= ~(size - 1);
	return (struct unit_range){ addr, addr + size - 1 };
}

/* Device TLB descriptors: the lowest clear bit of the address is the size. */
static struct unit_range range_by_address(u64 addr, bool sized)
{
	unsigned int order = 0;

	if (sized) {
		order = ffz(addr >> PAGE_SHIFT) + 1;
		if (order + PAGE_SHIFT >= 63)
			return unit_range_all;
	}

	return range_by_order(addr, order);
}

struct unit_inv {
	u16 did;
	u32 pasid;
	u16 sid;
	unsigned int gran;
	struct unit_range range;
};

typedef bool (*unit_covers)(const struct unit_model *unit,
			    const struct unit_inv *inv,
			    const struct unit_tlb *tlb);

static void unit_drop(const struct unit_model *unit, struct unit_cache *cache,
		      unit_covers covers, const struct unit_inv *inv)
{
	unsigned int i, num = 0;

	for (i = 0; i < cache->num; i++)
		if (!covers(unit, inv, &cache->tlb[i]))
			cache->tlb[num++] = cache->tlb[i];
	cache->num = num;
}

/*
 * Requests in flight end with the invalidation of all that they may bring to
 * the IOTLB. One of a few pages waits only for requests to these.
 */
static void unit_drain_device(struct unit_model *unit, struct unit_device *ud,
			      unit_covers covers, const struct unit_inv *inv)
{
	unsigned int i, num = 0;

	for (i = 0; i < ud->num_cached; i++) {
		struct unit_decoded dec = unit_decode(unit, &ud->cached[i]);
		struct unit_tlb tlb = {
			.type = dec.type,
			.did = dec.did,
			.pasid = ud->pasid,
		};

		if (!ud->cached[i].in_flight || !covers(unit, inv, &tlb))
			ud->cached[num++] = ud->cached[i];
	}
	ud->num_cached = num;
}

static void unit_drain(struct unit_model *unit, unit_covers covers,
		       const struct unit_inv *inv)
{
	unsigned int i;

	if (inv->range.first || inv->range.last != U64_MAX)
		return;

	for (i = 0; i < unit->num_devices; i++)
		unit_drain_device(unit, &unit->device[i], covers, inv);
}

static bool iotlb_covers(const struct unit_model *unit,
			 const struct unit_inv *inv, const struct unit_tlb *tlb)
{
	u64 addr = tlb->type == UNIT_NESTED ? tlb->gpa : unit->page[tlb->page];

	if (inv->gran == DMA_TLB_GLOBAL_FLUSH >> DMA_TLB_FLUSH_GRANU_OFFSET)
		return true;

	return tlb->type != UNIT_FS && tlb->did == inv->did &&
	       range_holds(inv->range, addr);
}

static void unit_inv_iotlb(struct unit_model *unit, const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.did = FIELD_GET(QI_DID, desc->qw0),
		.gran = FIELD_GET(QI_GRAN, desc->qw0),
		.range = unit_range_all,
	};

	if (inv.gran == DMA_TLB_PSI_FLUSH >> DMA_TLB_FLUSH_GRANU_OFFSET)
		inv.range = range_by_order(desc->qw1 & PAGE_MASK,
					   FIELD_GET(QI_AM, desc->qw1));
	unit_drop(unit, &unit->iotlb, iotlb_covers, &inv);
	unit_drain(unit, iotlb_covers, &inv);
}

static bool piotlb_covers(const struct unit_model *unit,
			  const struct unit_inv *inv,
			  const struct unit_tlb *tlb)
{
	return tlb->type != UNIT_SS && tlb->did == inv->did &&
	       tlb->pasid == inv->pasid &&
	       range_holds(inv->range, unit->page[tlb->page]);
}

static void unit_inv_piotlb(struct unit_model *unit, const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.did = FIELD_GET(QI_DID, desc->qw0),
		.pasid = FIELD_GET(QI_PASID, desc->qw0),
		.range = unit_range_all,
	};

	if (FIELD_GET(QI_GRAN, desc->qw0) == QI_GRAN_PSI_PASID)
		inv.range = range_by_order(desc->qw1 & PAGE_MASK,
					   FIELD_GET(QI_AM, desc->qw1));
	unit_drop(unit, &unit->iotlb, piotlb_covers, &inv);
	unit_drain(unit, piotlb_covers, &inv);
}

static bool atc_covers(const struct unit_model *unit,
		       const struct unit_inv *inv, const struct unit_tlb *tlb)
{
	return tlb->pasid == inv->pasid &&
	       range_holds(inv->range, unit->page[tlb->page]);
}

static void unit_inv_atc(struct unit_model *unit, const struct unit_inv *inv)
{
	unsigned int i;

	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		if (PCI_DEVID(ud->info->bus, ud->info->devfn) == inv->sid)
			unit_drop(unit, &ud->atc, atc_covers, inv);
	}
}

static void unit_inv_devtlb(struct unit_model *unit, const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.sid = FIELD_GET(QI_SID, desc->qw0),
		.pasid = IOMMU_NO_PASID,
		.range = range_by_address(desc->qw1,
					  desc->qw1 & QI_DEV_IOTLB_SIZE),
	};

	unit_inv_atc(unit, &inv);
}

static void unit_inv_devtlb_pasid(struct unit_model *unit,
				  const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.sid = FIELD_GET(QI_DEV_EIOTLB_SID_MASK, desc->qw0),
		.pasid = FIELD_GET(QI_PASID, desc->qw0),
		.range = range_by_address(desc->qw1,
					  desc->qw1 & QI_DEV_EIOTLB_SIZE),
	};

	unit_inv_atc(unit, &inv);
}

/*
 * Drop the cached entries of a device that have a DID, or all. What is not
 * present is cached as DID 0. Requests that have got past the entry go on until
 * the IOTLB is invalidated.
 */
static void unit_inv_entry(struct unit_model *unit, struct unit_device *ud,
			   u16 did, bool all)
{
	unsigned int i, num = 0;

	for (i = 0; i < ud->num_cached; i++) {
		struct unit_composite entry = ud->cached[i];
		struct unit_decoded dec = unit_decode(unit, &entry);

		if (all || dec.did == did) {
			if (dec.type == UNIT_NONE)
				continue;
			entry.in_flight = true;
		}
		ud->cached[num++] = entry;
	}
	ud->num_cached = num;
	unit_end_window(unit, ud);
}

static void unit_inv_context(struct unit_model *unit,
			     const struct qi_desc *desc)
{
	u64 type = FIELD_GET(QI_GRAN, desc->qw0);
	u16 sid = FIELD_GET(QI_SID, desc->qw0);
	unsigned int i;

	/* In scalable mode the entries are behind those of this cache. */
	if (unit_scalable(unit))
		return;

	unit->counts.syncs++;
	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		if (type == DMA_CCMD_DEVICE_INVL >> DMA_CCMD_INVL_GRANU_OFFSET &&
		    PCI_DEVID(ud->info->bus, ud->info->devfn) != sid)
			continue;
		unit_inv_entry(unit, ud, FIELD_GET(QI_DID, desc->qw0),
			       type == DMA_CCMD_GLOBAL_INVL >>
				       DMA_CCMD_INVL_GRANU_OFFSET);
	}
}

static void unit_inv_pasid_cache(struct unit_model *unit,
				 const struct qi_desc *desc)
{
	u64 gran = FIELD_GET(QI_GRAN, desc->qw0);
	u32 pasid = FIELD_GET(QI_PASID, desc->qw0);
	unsigned int i;

	unit->counts.syncs++;
	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		if (gran == QI_PC_PASID_SEL && ud->pasid != pasid)
			continue;
		unit_inv_entry(unit, ud, FIELD_GET(QI_DID, desc->qw0),
			       gran == QI_PC_GLOBAL);
	}
}

/* In the order that leaves most behind, see above */
static const struct {
	u64 type;
	void (*process)(struct unit_model *unit, const struct qi_desc *desc);
} unit_inv_order[] = {
	{ QI_DIOTLB_TYPE, unit_inv_devtlb },
	{ QI_DEIOTLB_TYPE, unit_inv_devtlb_pasid },
	{ QI_IOTLB_TYPE, unit_inv_iotlb },
	{ QI_EIOTLB_TYPE, unit_inv_piotlb },
	{ QI_PC_TYPE, unit_inv_pasid_cache },
	{ QI_CC_TYPE, unit_inv_context },
};

/* Descriptors that no fence parts */
static void unit_process(struct unit_model *unit, const struct qi_desc *desc,
			 unsigned int num)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(unit_inv_order); i++)
		for (j = 0; j < num; j++) {
			if (FIELD_GET(QI_TYPE, desc[j].qw0) !=
			    unit_inv_order[i].type)
				continue;
			unit_inv_order[i].process(unit, &desc[j]);
			unit->counts.descs++;
			unit_event(unit, true);
		}
}

static void unit_submit(struct unit_model *unit, const struct qi_desc *desc,
			unsigned int num)
{
	unsigned int i, first = 0;

	unit->counts.submissions++;
	unit_event(unit, false);
	for (i = 0; i < num; i++) {
		if (FIELD_GET(QI_TYPE, desc[i].qw0) != QI_IWD_TYPE)
			continue;
		if (desc[i].qw0 & QI_IWD_FENCE) {
			unit->counts.fences++;
			unit_process(unit, &desc[first], i - first);
			first = i + 1;
		}
	}
	/* qi_submit_sync() adds a wait of its own. */
	unit->counts.waits++;
	unit_process(unit, &desc[first], num - first);
	unit_event(unit, false);
}

/*
 * The driver's side
 */

/* Calls the function that a stub stands in for. */
#define call_real(fn, args...)						\
({									\
	struct kunit *__test = current->kunit_test;			\
									\
	current->kunit_test = NULL;					\
	fn(args);							\
	current->kunit_test = __test;					\
})

static struct unit_model *current_unit(void)
{
	return kunit_get_current_test()->priv;
}

/* Other units work on: an interrupt may have come in between. */
static int stub_submit(struct intel_iommu *iommu, struct qi_desc *desc,
		       unsigned int count, unsigned long options)
{
	struct unit_model *unit = current_unit();

	if (iommu == unit->iommu)
		unit_submit(unit, desc, count);
	else
		call_real(qi_submit_sync, iommu, desc, count, options);
	return 0;
}

static struct unit_device *unit_device_of(struct unit_model *unit,
					  const u64 *word)
{
	unsigned int i;

	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		unit_find_entry(unit, ud);
		if (ud->live && word >= ud->live &&
		    word < ud->live + unit_num_words(unit))
			return ud;
	}
	return NULL;
}

static void unit_stored(struct unit_model *unit, struct unit_device *ud,
			const u64 *to, const u64 *from, unsigned int words)
{
	struct unit_quantum *quantum = &ud->quantum[(to - ud->live) / words];

	if (words != unit->quantum_words || quantum->num == UNIT_MAX_VALUES) {
		unit_fail(unit, "%s: %s", ud->name,
			  words != unit->quantum_words ?
			  "store is not of one quantum" : "out of room for values");
		return;
	}

	memcpy(quantum->value[quantum->num++], from, words * sizeof(u64));
	if (ecap_coherent(unit->iommu->ecap))
		quantum->visible = quantum->num - 1;
	unit->counts.stores++;
}

static void stub_store(u64 *to, const u64 *from, unsigned int words)
{
	struct unit_model *unit = current_unit();
	struct unit_device *ud = unit_device_of(unit, to);

	if (ud)
		unit_event(unit, false);
	call_real(entry_sync_store, to, from, words);
	if (!ud)
		return;
	unit_stored(unit, ud, to, from, words);
	unit_event(unit, false);
}

static void stub_flush_cache(struct intel_iommu *iommu, void *addr, int size)
{
	struct unit_model *unit = current_unit();
	unsigned int i, j, words = unit->quantum_words;

	call_real(iommu_write_back, iommu, addr, size);
	if (ecap_coherent(iommu->ecap))
		return;

	for (i = 0; i < unit->num_devices; i++) {
		struct unit_device *ud = &unit->device[i];

		for (j = 0; ud->live && j < unit_num_quanta(unit); j++)
			if ((void *)&ud->live[j * words] >= addr &&
			    (void *)&ud->live[(j + 1) * words] <= addr + size)
				ud->quantum[j].visible = ud->quantum[j].num - 1;
	}
}

static unsigned int stub_quantum_words(unsigned int hw_quantum_words)
{
	return min(hw_quantum_words, current_unit()->quantum_words);
}

/**
 * unit_start - have the driver talk to the model
 * @test: the test; its end is also the model's
 * @unit: the model, with @iommu, @quantum_words and @page set
 */
void unit_start(struct kunit *test, struct unit_model *unit)
{
	test->priv = unit;
	kunit_activate_static_stub(test, qi_submit_sync, stub_submit);
	kunit_activate_static_stub(test, entry_sync_store, stub_store);
	kunit_activate_static_stub(test, entry_sync_quantum_words,
				   stub_quantum_words);
	kunit_activate_static_stub(test, iommu_write_back,
				   stub_flush_cache);
}

/**
 * unit_add_table - make a page table known
 * @unit: the unit
 * @root: its address
 * @stage: what it is
 * @levels: its number of levels
 */
void unit_add_table(struct unit_model *unit, u64 root, enum unit_stage stage,
		    unsigned int levels)
{
	if (unit->num_tables == UNIT_MAX_TABLES) {
		unit_fail(unit, "out of room for tables");
		return;
	}
	unit->table[unit->num_tables++] = (struct unit_table){
		.root = root,
		.stage = stage,
		.levels = levels,
	};
}

/**
 * unit_add_device - put a device behind the unit
 * @unit: the unit
 * @info: the driver's record of the device
 * @name: for messages
 * @pasid: the PASID of its requests
 */
void unit_add_device(struct unit_model *unit, struct device_domain_info *info,
		     const char *name, u32 pasid)
{
	if (unit->num_devices == UNIT_MAX_DEVICES) {
		unit_fail(unit, "out of room for devices");
		return;
	}
	unit->device[unit->num_devices++] = (struct unit_device){
		.info = info,
		.name = name,
		.pasid = pasid,
	};
}

/**
 * unit_change_begin - a device is about to change domains
 * @unit: the unit
 * @ud: the device
 * @old: what it is granted so far
 * @new: what it will be granted
 */
void unit_change_begin(struct unit_model *unit, struct unit_device *ud,
		       const struct unit_grant *old,
		       const struct unit_grant *new)
{
	unsigned int i;

	unit->counts = (struct unit_counts){};
	for (i = 0; i < unit->num_devices; i++)
		unit->device[i].fault = false;
	ud->grant[0] = old;
	ud->grant[1] = new;
	unit_observe(unit);
}

/**
 * unit_change_end - a device has changed domains, or failed to
 * @unit: the unit
 * @ud: the device
 * @now: what it is granted from now on, and nothing else
 *
 * Requests that come from now on cause new fetches, even where no invalidation
 * has waited for the old ones, as none is asked for without caching mode.
 * @ud->fault says if they may fault.
 */
void unit_change_end(struct unit_model *unit, struct unit_device *ud,
		     const struct unit_grant *now)
{
	unsigned int i;

	ud->grant[0] = now;
	ud->grant[1] = now;
	unit_observe(unit);

	for (i = 0; i < unit->num_devices; i++)
		if (&unit->device[i] != ud && unit->device[i].fault &&
		    unit->device[i].grant[0])
			unit_fail(unit, "%s: may fault while another device changes domains",
				  unit->device[i].name);

	unit_end_window(unit, ud);
	ud->fault = false;
	unit_observe(unit);
}

/**
 * unit_translates - whether a new request of a device gets an address
 * @unit: the unit
 * @ud: the device
 * @page: the page that is requested
 * @out: what it should be translated to
 *
 * Looks at tables, not at caches.
 *
 * Return: whether it is.
 */
bool unit_translates(struct unit_model *unit, struct unit_device *ud,
		     enum unit_page page, u64 out)
{
	struct unit_tlb tlb = { .page = page };
	struct unit_composite entry = {};
	struct unit_decoded dec;

	if (!ud->live)
		return false;

	memcpy(&entry, ud->live, unit_num_words(unit) * sizeof(u64));
	dec = unit_decode(unit, &entry);

	return dec.type != UNIT_NONE && unit_entry_sane(unit, &dec) &&
	       unit_walk(unit, &dec, &tlb) && tlb.out == out;
}

/* Is there an entry with this DID, so that there may be translations? */
static bool unit_did_used(const struct unit_model *unit, u16 did)
{
	unsigned int i;

	for (i = 0; i < unit->num_devices; i++) {
		const struct unit_device *ud = &unit->device[i];
		struct unit_composite entry = {};

		if (!ud->live)
			continue;
		memcpy(&entry, ud->live, unit_num_words(unit) * sizeof(u64));
		if (unit_decode(unit, &entry).did == did)
			return true;
	}
	return false;
}

/**
 * unit_check_tags - check that nothing is cached under a DID out of use
 * @unit: the unit
 *
 * Such a DID may be given to another domain at any time.
 */
void unit_check_tags(struct unit_model *unit)
{
	unsigned int i;

	for (i = 0; i < unit->iotlb.num; i++)
		if (!unit_did_used(unit, unit->iotlb.tlb[i].did))
			unit_fail(unit, "IOTLB still has DID %u (type %u)",
				  unit->iotlb.tlb[i].did,
				  unit->iotlb.tlb[i].type);
}

/**
 * unit_reset - forget all that is cached, and what went wrong
 * @unit: the unit
 */
void unit_reset(struct unit_model *unit)
{
	unsigned int i;

	unit->iotlb.num = 0;
	unit->failure[0] = '\0';
	for (i = 0; i < unit->num_devices; i++) {
		unit->device[i].num_cached = 0;
		unit->device[i].atc.num = 0;
		/* Start afresh with what is in memory. */
		unit->device[i].live = NULL;
	}
}
