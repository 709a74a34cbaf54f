// SPDX-License-Identifier: GPL-2.0
/*
 * PASID tables, and the entries in them
 *
 * Entries are built on the stack and moved into the live table by entry_sync;
 * nothing writes to a live entry in another way. The device's entry_lock covers
 * its entries: whoever changes one holds the lock throughout, the syncs
 * included. Another device never waits for it.
 *
 * Copyright (C) 2018 Intel Corporation
 *
 * Author: Lu Baolu <baolu.lu@linux.intel.com>
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/cpufeature.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>
#include <linux/slab.h>

#include "entry_trace.h"
#include "inval.h"
#include "pasid.h"
#include "../iommu-pages.h"

/* Number of PASIDs that every unit of the machine supports */
u32 intel_pasid_max_id = BIT(20);

/* Whole quanta of what an entry uses; the others are reserved, and zero. */
#define PASID_ENTRY_WORDS	4

#define PASIDS_PER_DIR_PAGE \
	(SZ_4K / sizeof(struct pasid_dir_entry) * PASID_TBL_ENTRIES)

/**
 * intel_pasid_alloc_table - allocate the PASID directory of a device
 * @dev: a PCI device that was just probed
 *
 * Sized for the PASIDs that the device and all units support; at least one
 * page, for the requests without PASID.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV for a device that is not on PCI; -EEXIST; -ENOMEM.
 */
int intel_pasid_alloc_table(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct pasid_table *table;
	size_t size = SZ_4K;
	u32 num = 0;

	if (WARN_ON(!info || !dev_is_pci(dev)))
		return -ENODEV;
	if (WARN_ON(info->pasid_table))
		return -EEXIST;

	if (info->pasid_supported)
		num = min_t(u32, pci_max_pasids(to_pci_dev(dev)),
			    intel_pasid_max_id);
	if (num > PASIDS_PER_DIR_PAGE)
		size = roundup_pow_of_two(num / PASID_TBL_ENTRIES *
					  sizeof(struct pasid_dir_entry));

	table = kzalloc_obj(*table);
	if (!table)
		return -ENOMEM;

	table->table = iommu_alloc_pages_node_sz(info->iommu->node, GFP_KERNEL,
						 size);
	if (!table->table) {
		kfree(table);
		return -ENOMEM;
	}
	table->max_pasid = size / sizeof(struct pasid_dir_entry) *
			   PASID_TBL_ENTRIES;
	__iommu_flush_cache(info->iommu, table->table, size);
	info->pasid_table = table;

	return 0;
}

/**
 * intel_pasid_free_table - free the PASID directory and all tables behind it
 * @dev: a device whose context entry no longer points to them
 *
 * Context: May sleep.
 */
void intel_pasid_free_table(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct pasid_table *table;
	u32 i;

	if (!info || !info->pasid_table)
		return;

	table = info->pasid_table;
	info->pasid_table = NULL;
	for (i = 0; i < table->max_pasid / PASID_TBL_ENTRIES; i++)
		iommu_free_pages(get_pasid_table_from_pde(&table->table[i]));
	iommu_free_pages(table->table);
	kfree(table);
}

/**
 * intel_pasid_get_table - the PASID directory of a device
 * @dev: the device
 *
 * Context: Any.
 * Return: the directory, or NULL if the device has none.
 */
struct pasid_table *intel_pasid_get_table(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	return info ? info->pasid_table : NULL;
}

/**
 * pasid_entry_lookup - find the entry of a PASID
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: Any. Tables are never freed before the device is released.
 * Return: the live entry; NULL if there is no table for it (so that it reads
 * as not present) or if @pasid is beyond the directory.
 */
struct pasid_entry *pasid_entry_lookup(struct device_domain_info *info,
				       u32 pasid)
{
	struct pasid_table *dir = info->pasid_table;
	struct pasid_entry *table;

	if (!dir || pasid >= dir->max_pasid)
		return NULL;

	table = get_pasid_table_from_pde(&dir->table[pasid >> PASID_PDE_SHIFT]);

	return table ? &table[pasid & PASID_PTE_MASK] : NULL;
}

static bool table_has_pasid(const struct pasid_entry *table, bool first)
{
	unsigned int i;

	/* The very first entry is that of requests without PASID. */
	for (i = first; i < PASID_TBL_ENTRIES; i++)
		if (pasid_pte_is_present(&table[i]))
			return true;
	return false;
}

/**
 * pasid_is_in_use - whether anything is attached to a PASID of a device
 * @info: the device
 *
 * Context: Any. The answer is true for as long as nobody attaches or detaches.
 * Return: true if an entry other than that of requests without PASID is
 * present.
 */
bool pasid_is_in_use(struct device_domain_info *info)
{
	struct pasid_table *dir = info->pasid_table;
	struct pasid_entry *table;
	u32 i;

	for (i = 0; dir && i < dir->max_pasid / PASID_TBL_ENTRIES; i++) {
		table = get_pasid_table_from_pde(&dir->table[i]);
		if (table && table_has_pasid(table, !i))
			return true;
	}
	return false;
}

/*
 * PASIDs that share a table may be allocated at the same time: one of the
 * callers sets the directory entry, the others use its table.
 */
static struct pasid_entry *alloc_entry(struct device_domain_info *info,
				       u32 pasid)
{
	struct pasid_entry *entry = pasid_entry_lookup(info, pasid);
	struct pasid_table *dir = info->pasid_table;
	struct intel_iommu *iommu = info->iommu;
	struct pasid_dir_entry *pde;
	void *table;

	if (entry || WARN_ON(!dir || pasid >= dir->max_pasid))
		return entry;

	table = iommu_alloc_pages_node_sz(iommu->node, GFP_KERNEL, SZ_4K);
	if (!table)
		return NULL;
	__iommu_flush_cache(iommu, table, SZ_4K);

	pde = &dir->table[pasid >> PASID_PDE_SHIFT];
	/* The exchange orders the zeroes in the table before the pointer. */
	if (cmpxchg64(&pde->val, 0, virt_to_phys(table) | PASID_PDE_P))
		iommu_free_pages(table);
	else
		__iommu_flush_cache(iommu, pde, sizeof(*pde));

	return pasid_entry_lookup(info, pasid);
}

static struct pasid_second_stage second_stage_of(struct dmar_domain *domain)
{
	struct pt_iommu_vtdss_hw_info hw;

	pt_iommu_vtdss_hw_info(&domain->sspt, &hw);

	return (struct pasid_second_stage){
		.ssptptr = hw.ssptptr,
		.aw = hw.aw,
		.walk_snoop = !(domain->sspt.vtdss_pt.common.features &
				BIT(PT_FEAT_DMA_INCOHERENT)),
	};
}

static struct pasid_first_stage first_stage_of(struct dmar_domain *domain)
{
	const struct iommu_hwpt_vtd_s1 *s1 = &domain->s1_cfg;
	struct pt_iommu_x86_64_hw_info hw;

	if (domain->domain.type == IOMMU_DOMAIN_SVA)
		return (struct pasid_first_stage){
			.fsptptr = __pa(domain->domain.mm->pgd),
			.five_level = cpu_feature_enabled(X86_FEATURE_LA57),
			.walk_snoop = true,
		};

	if (domain->domain.type == IOMMU_DOMAIN_NESTED)
		return (struct pasid_first_stage){
			.fsptptr = s1->pgtbl_addr,
			.five_level = s1->addr_width == ADDR_WIDTH_5LEVEL,
			.supervisor = s1->flags & IOMMU_VTD_S1_SRE,
			.write_protect = s1->flags & IOMMU_VTD_S1_WPE,
			.extended_access = s1->flags & IOMMU_VTD_S1_EAFE,
		};

	pt_iommu_x86_64_hw_info(&domain->fspt, &hw);

	return (struct pasid_first_stage){
		.fsptptr = hw.gcr3_pt,
		.five_level = hw.levels == 5,
		.walk_snoop = !(domain->fspt.x86_64_pt.common.features &
				BIT(PT_FEAT_DMA_INCOHERENT)),
	};
}

/* All but the control bits, see set_control() */
static void make_entry(struct intel_iommu *iommu, struct pasid_entry *pe,
		       struct iommu_domain *domain, u16 did)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);
	struct pasid_first_stage fs;
	struct pasid_second_stage ss;

	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		pasid_entry_make_pass_through(pe, did, iommu->agaw,
					      ecap_smpwc(iommu->ecap));
		return;
	case IOMMU_DOMAIN_NESTED:
		fs = first_stage_of(dmar_domain);
		ss = second_stage_of(dmar_domain->s2_domain);
		pasid_entry_make_nested(pe, did, &fs, &ss);
		return;
	default:
		if (intel_domain_is_ss_paging(dmar_domain)) {
			ss = second_stage_of(dmar_domain);
			pasid_entry_make_second_stage(pe, did, &ss);
			return;
		}
		fs = first_stage_of(dmar_domain);
		pasid_entry_make_first_stage(pe, did, iommu->agaw, &fs);
	}
}

/*
 * The bits that a domain changes while it is attached: dirty tracking of second
 * stages and page snoop of first stages; those of a nested domain are its
 * parent's. VT-d spec, section 9.6. What is set when a change is prepared tells
 * which way it goes. What counts is set with the device's entry_lock held from
 * here until the entry is live, so that whoever changes the domain meanwhile
 * comes after that.
 */
static void set_control(struct pasid_entry *pe, struct dmar_domain *domain)
{
	u16 type = pasid_pte_get_pgtt(pe);

	if (type == PASID_ENTRY_PGTT_NESTED)
		domain = domain->s2_domain;
	if (type != PASID_ENTRY_PGTT_FL_ONLY)
		FIELD_MODIFY(PASID_PE_SSADE, &pe->val[0],
			     domain->dirty_tracking);
	if (type != PASID_ENTRY_PGTT_SL_ONLY)
		FIELD_MODIFY(PASID_PE_PGSNP, &pe->val[1],
			     domain->force_snooping);
}

/**
 * pasid_entry_prepare - find the entry of a PASID, and build what it shall be
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @domain: what shall be attached, of any type
 * @did: tags what hardware caches of it
 * @target: set to the new value, with control bits as they are now; all zero
 *          blocks
 *
 * Makes a PASID table if the PASID has none, unless it shall be blocked.
 *
 * Context: May sleep.
 * Return: the live entry; NULL if there is none, which is for want of memory if
 * @domain is not the blocked one.
 */
struct pasid_entry *pasid_entry_prepare(struct device_domain_info *info,
					u32 pasid, struct iommu_domain *domain,
					u16 did, struct pasid_entry *target)
{
	*target = (struct pasid_entry){};
	if (domain->type == IOMMU_DOMAIN_BLOCKED)
		return pasid_entry_lookup(info, pasid);

	make_entry(info->iommu, target, domain, did);
	if (domain->type != IOMMU_DOMAIN_IDENTITY)
		set_control(target, to_dmar_domain(domain));

	return alloc_entry(info, pasid);
}

/* A unit with caching mode caches entries that are not present as DID 0. */
static u16 pasid_cache_tag(const struct pasid_entry *pe)
{
	return pasid_pte_is_present(pe) ? pasid_get_domain_id(pe) : 0;
}

/* Translations that @pe, with its own DID or another, brought to the caches */
static void flush_translations(struct qi_batch *batch,
			       struct pasid_change *change,
			       const struct pasid_entry *pe, u16 did)
{
	u16 type = pasid_pte_get_pgtt(pe);

	inv_translations(batch, change->info->iommu,
			 type == PASID_ENTRY_PGTT_SL_ONLY ||
			 type == PASID_ENTRY_PGTT_NESTED, did, change->pasid);
}

/*
 * Emulated units may read the DID apart from the rest of the entry: QEMU's does
 * so after the walk, and caches a translation of the old table with the new
 * DID if the entry changed in between. So the new DID's translations go as
 * well, unless that would cost other devices theirs on a unit of silicon: an
 * emulated one that hypervisors rely on has caching mode.
 */
static bool flushes_new_did(struct pasid_change *change,
			    const struct pasid_entry *new)
{
	return !change->via &&
	       pasid_get_domain_id(new) != pasid_get_domain_id(&change->old) &&
	       (cap_caching_mode(change->info->iommu->cap) ||
		!change->new_did_shared);
}

/*
 * All that the old entry brought to the caches, the IOTLB first, as it may be
 * refilled by way of a PASID-cache entry, then the ATC, as that is refilled
 * from the IOTLB. It is tagged with the old DID or with that of the detour.
 */
static void flush_old(struct qi_batch *batch, struct pasid_change *change,
		      const struct pasid_entry *live)
{
	u16 did = pasid_get_domain_id(&change->old);

	inv_fence(batch);
	flush_translations(batch, change, &change->old, did);
	if (change->via && change->via != did)
		flush_translations(batch, change, &change->old, change->via);
	if (flushes_new_did(change, live))
		flush_translations(batch, change, live,
				   pasid_get_domain_id(live));
	inv_devtlb(batch, change->info, change->pasid);
	change->flushed = true;
}

/*
 * A unit with caching mode has cached that the entry, and what it leads to, is
 * not present. An emulated one may go by the DID of the new entry.
 */
static void flush_absent(struct qi_batch *batch, struct pasid_change *change,
			 const struct pasid_entry *live)
{
	u16 did = pasid_get_domain_id(live);

	inv_pasid_cache(batch, did, change->pasid, QI_PC_PASID_SEL);
	inv_fence(batch);
	flush_translations(batch, change, live, did);
}

/*
 * What the old entry brought to the caches goes when no new translation by way
 * of it can come. Emulated units may still find a first stage by way of an entry
 * that has lost P and nothing else, QEMU's does: on units with caching mode it
 * goes once more when the rest of the entry has changed.
 */
static bool is_time_to_flush(struct pasid_change *change, bool last)
{
	if (!pasid_pte_is_present(&change->old))
		return false;
	if (change->flushed)
		return last && cap_caching_mode(change->info->iommu->cap);

	return last || !pasid_pte_is_present(change->live);
}

/*
 * When an entry has gone, and all that it brought to the caches with it, nobody
 * waits for the last step, which clears the rest: hardware looks at nothing but
 * P. What a fetch finds of the rest counts when P is set again, see settle().
 * Units with caching mode are told, as is_time_to_flush() says.
 */
static bool is_gone(struct pasid_change *change, bool last)
{
	return last && change->flushed && !pasid_pte_is_present(change->live) &&
	       !cap_caching_mode(change->info->iommu->cap);
}

/*
 * VT-d spec, section 6.5.3.3 (Guidance to Software for Invalidations)
 *
 * The entry goes from the PASID-cache after each step; this is also what waits
 * for a fetch under way. What was translated by way of the old entry goes in
 * the same submission, when no new translation by way of it can come: after
 * the step that clears P, so that nothing of it is left when P is set again, or
 * else after the last one.
 */
static void pasid_sync(struct entry_sync *es, bool last)
{
	struct pasid_change *change = container_of(es, struct pasid_change, es);
	const struct pasid_entry *live = change->live;
	bool absent = change->flushed || !pasid_pte_is_present(&change->old);
	struct intel_iommu *iommu = change->info->iommu;
	struct qi_batch batch __uninitialized;
	bool appears;

	last &= change->final;
	appears = last && absent && pasid_pte_is_present(live);
	__iommu_flush_cache(iommu, change->live, sizeof(*live));

	if (is_gone(change, last))
		return;
	if (appears && !cap_caching_mode(iommu->cap)) {
		iommu_flush_write_buffer(iommu);
		return;
	}

	inv_init(&batch);
	inv_pasid_cache(&batch, change->cached_did, change->pasid,
			QI_PC_PASID_SEL);
	change->cached_did = pasid_cache_tag(live);
	if (is_time_to_flush(change, last))
		flush_old(&batch, change, live);
	if (appears)
		flush_absent(&batch, change, live);
	inv_submit(&batch, iommu);
}

static const struct entry_sync_ops pasid_entry_sync_ops = {
	.get_used = pasid_entry_get_used,
	.get_update_safe = pasid_entry_get_update_safe,
	.sync = pasid_sync,
};

static struct entry_sync pasid_entry_sync(struct intel_iommu *iommu,
					  struct pasid_entry *pe)
{
	return (struct entry_sync){
		.ops = &pasid_entry_sync_ops,
		.entry = pe->val,
		.num_words = PASID_ENTRY_WORDS,
		.quantum_words = iommu->quantum_words,
		.present_word = 0,
		.present_mask = PASID_PE_P,
	};
}

/**
 * pasid_entry_is_hitless - whether an entry can become another without a gap
 * @iommu: its unit
 * @from: the one
 * @to: the other
 *
 * Context: Any.
 * Return: true if no fetch would read an absent entry on the way.
 */
bool pasid_entry_is_hitless(struct intel_iommu *iommu,
			    struct pasid_entry *from,
			    const struct pasid_entry *to)
{
	struct entry_sync es = pasid_entry_sync(iommu, from);
	enum entry_sync_verdict verdict = entry_sync_plan(&es, to->val).verdict;

	return verdict == ENTRY_SYNC_UNCHANGED || verdict == ENTRY_SYNC_HITLESS;
}

static bool uses_second_half(const struct pasid_entry *pe)
{
	u16 type = pasid_pte_get_pgtt(pe);

	return pasid_pte_is_present(pe) && (type == PASID_ENTRY_PGTT_FL_ONLY ||
					    type == PASID_ENTRY_PGTT_NESTED);
}

/*
 * A fetch may find the second half of an entry that has gone as it was before it
 * was cleared, and so it may when the entry is one again that does not use that
 * half. If the next one does, entry_sync waits after it has changed it; but a guest
 * may have its first stage at address 0, which changes nothing there.
 */
static void settle(struct pasid_change *change, const struct pasid_entry *target)
{
	struct qi_batch batch __uninitialized;

	if (cap_caching_mode(change->info->iommu->cap) || target->val[2] ||
	    !uses_second_half(target) || uses_second_half(change->live))
		return;

	inv_init(&batch);
	inv_pasid_cache(&batch, change->cached_did, change->pasid,
			QI_PC_PASID_SEL);
	inv_submit(&batch, change->info->iommu);
}

/**
 * pasid_change_begin - begin to change a live entry
 * @change: the change, with all that is not private set
 * @target: what the entry shall become; gets control bits
 * @domain: whose they are; NULL if it has none
 *
 * Context: May sleep. The device's entry_lock is held until the last move.
 */
void pasid_change_begin(struct pasid_change *change,
			struct pasid_entry *target, struct dmar_domain *domain)
{
	lockdep_assert_held(&change->info->entry_lock);
	change->es = pasid_entry_sync(change->info->iommu, change->live);
	change->old = *change->live;
	change->cached_did = pasid_cache_tag(change->live);
	settle(change, target);
	if (domain)
		set_control(target, domain);
}

/**
 * pasid_change_move - move the live entry to a new value
 * @change: the state of the change
 * @target: the value
 * @final: this is the last move: drop what was cached by way of the old entry
 *
 * If the last move is to the value that the entry has, nothing of the old one
 * can be in use, and nothing is done.
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit,
 * and the device if it has ATS, invalidate.
 */
void pasid_change_move(struct pasid_change *change,
		       const struct pasid_entry *target, bool final)
{
	const struct pasid_entry from = *change->live;
	struct entry_sync_result result;

	change->final = final;
	result = entry_sync_write(&change->es, target->val);
	trace_pasid_entry_update(change->info->dev, change->pasid, from.val,
				 target->val, ARRAY_SIZE(from.val), &result);
}

/**
 * pasid_entry_install - move a live entry to a new value in one move
 * @change: the change, with all that is not private set
 * @target: the value; gets control bits
 * @domain: whose they are; NULL if it has none
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit,
 * and the device if it has ATS, invalidate.
 */
void pasid_entry_install(struct pasid_change *change,
			 struct pasid_entry *target, struct dmar_domain *domain)
{
	pasid_change_begin(change, target, domain);
	pasid_change_move(change, target, true);
}

/**
 * pasid_entry_block - block the requests without PASID of a device that goes
 * @info: the device; nothing that has a domain id is attached to them
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit
 * invalidates.
 */
void pasid_entry_block(struct device_domain_info *info)
{
	struct pasid_change change = {
		.info = info,
		.pasid = IOMMU_NO_PASID,
		.live = pasid_entry_lookup(info, IOMMU_NO_PASID),
	};
	struct pasid_entry blocked = {};

	if (change.live)
		pasid_entry_install(&change, &blocked, NULL);
}

/* A change of the entry that an attachment has put in place; false without */
static bool change_of(struct dev_pasid_info *ap, struct pasid_change *change)
{
	struct device_domain_info *info = dev_iommu_priv_get(ap->dev);

	lockdep_assert_held(&info->entry_lock);
	*change = (struct pasid_change){
		.info = info,
		.pasid = ap->pasid,
		.live = pasid_entry_lookup(info, ap->pasid),
	};

	return ap->live && change->live && pasid_pte_is_present(change->live);
}

/**
 * pasid_entry_refresh - bring control bits of a domain into a live entry
 * @ap: an attachment of a domain whose dirty tracking or snooping has changed
 *
 * While a PASID changes domains it is found on the lists of both. Only one of
 * them is live; the other leaves its entry, or its builder sees the change.
 *
 * Context: May sleep. Takes the device's entry_lock.
 */
void pasid_entry_refresh(struct dev_pasid_info *ap)
{
	struct device_domain_info *info = dev_iommu_priv_get(ap->dev);
	struct pasid_change change;
	struct pasid_entry target;

	guard(mutex)(&info->entry_lock);
	if (!change_of(ap, &change))
		return;

	target = *change.live;
	pasid_entry_install(&change, &target, ap->domain);
}

/**
 * pasid_entry_tear_down - end translation for an address space that goes away
 * @ap: an attachment of it
 *
 * The requests that still come fault, and nobody wants to hear of it. Everything
 * else attaches a blocked domain.
 *
 * Context: May sleep. Takes the device's entry_lock.
 */
void pasid_entry_tear_down(struct dev_pasid_info *ap)
{
	struct device_domain_info *info = dev_iommu_priv_get(ap->dev);
	struct pasid_entry target = { .val = { PASID_PE_FPD } };
	struct pasid_change change;

	guard(mutex)(&info->entry_lock);
	if (change_of(ap, &change))
		pasid_entry_install(&change, &target, NULL);
}
