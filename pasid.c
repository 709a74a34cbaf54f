// SPDX-License-Identifier: GPL-2.0
/*
 * PASID tables, and the entries in them
 *
 * Entries are built on the stack and moved into the live table by entry_sync;
 * nothing here writes to a live entry in another way. iommu->lock covers every
 * entry of the unit: whoever reads an entry to change it, changes it, or walks
 * the tables (debugfs) holds the lock throughout, the syncs included.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/cpufeature.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>
#include <linux/slab.h>

#include "../entry_sync.h"
#include "entry_trace.h"
#include "iommu.h"
#include "pasid.h"
#include "../iommu-pages.h"

/* Number of PASIDs that every unit of the machine supports */
u32 intel_pasid_max_id = BIT(20);

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

/**
 * pasid_entry_alloc - find the entry of a PASID, with a table if need be
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: May sleep. PASIDs that share a table may be allocated at the same
 * time: one of the callers sets the directory entry, the others use its table.
 * Return: the live entry; NULL if out of memory or @pasid is beyond the
 * directory.
 */
struct pasid_entry *pasid_entry_alloc(struct device_domain_info *info,
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
		.dirty_tracking = domain->dirty_tracking,
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
			.page_snoop = domain->s2_domain->force_snooping,
			.supervisor = s1->flags & IOMMU_VTD_S1_SRE,
			.write_protect = s1->flags & IOMMU_VTD_S1_WPE,
			.extended_access = s1->flags & IOMMU_VTD_S1_EAFE,
		};

	pt_iommu_x86_64_hw_info(&domain->fspt, &hw);

	return (struct pasid_first_stage){
		.fsptptr = hw.gcr3_pt,
		.five_level = hw.levels == 5,
		.page_snoop = domain->force_snooping,
		.walk_snoop = !(domain->fspt.x86_64_pt.common.features &
				BIT(PT_FEAT_DMA_INCOHERENT)),
	};
}

/* Build what @domain wants of an entry on @iommu; all zero blocks. */
static void pasid_entry_make(struct intel_iommu *iommu, struct pasid_entry *pe,
			     struct iommu_domain *domain)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);
	struct pasid_first_stage fs;
	struct pasid_second_stage ss;
	u16 did;

	*pe = (struct pasid_entry){};
	if (domain->type == IOMMU_DOMAIN_BLOCKED)
		return;

	did = iommu_domain_did(domain, iommu);
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
 * The state of one change of a PASID entry
 *
 * @old: the entry as it was before; its DID and type tag what the IOTLB holds
 * @cached_did: what tags the entry that hardware may have cached since the last
 *              sync. Invalidating the PASID-cache goes by it.
 * @detour: the DID that the entry has on the way, 0 for none
 * @final: the write under way is the last one of the change
 */
struct pasid_sync {
	struct entry_sync es;
	struct device_domain_info *info;
	u32 pasid;
	struct pasid_entry old;
	u16 cached_did;
	u16 detour;
	bool final;
};

/* A unit with caching mode caches entries that are not present as DID 0. */
static u16 pasid_cache_tag(const struct pasid_entry *pe)
{
	return pasid_pte_is_present(pe) ? pasid_get_domain_id(pe) : 0;
}

/* Translations that @pe, with its own DID or another, brought to the IOTLB */
static void pasid_sync_iotlb(struct qi_batch *batch, struct pasid_sync *ps,
			     const struct pasid_entry *pe, u16 did)
{
	switch (pasid_pte_get_pgtt(pe)) {
	case PASID_ENTRY_PGTT_SL_ONLY:
	case PASID_ENTRY_PGTT_NESTED:
		inv_iotlb(batch, ps->info->iommu, did, DMA_TLB_DSI_FLUSH);
		break;
	default:
		inv_piotlb(batch, did, ps->pasid);
	}
}

/*
 * What was translated by way of the old entry is tagged with its DID, and what
 * was translated on a detour, by way of either entry, with the detour's.
 *
 * Emulated units may read the DID apart from the rest of the entry: QEMU's does
 * so after the walk, and caches a translation of the old table with the new
 * DID if the entry changed in between. So without a detour the new DID's
 * translations go as well.
 */
static void pasid_sync_translations(struct qi_batch *batch,
				    struct pasid_sync *ps,
				    const struct pasid_entry *new)
{
	u16 old_did = pasid_get_domain_id(&ps->old);
	u16 new_did = pasid_get_domain_id(new);

	pasid_sync_iotlb(batch, ps, &ps->old, old_did);
	if (ps->detour) {
		if (ps->detour != old_did)
			pasid_sync_iotlb(batch, ps, &ps->old, ps->detour);
		if (ps->detour != new_did &&
		    pasid_pte_get_pgtt(new) != pasid_pte_get_pgtt(&ps->old))
			pasid_sync_iotlb(batch, ps, new, ps->detour);
	} else if (pasid_pte_is_present(new) && new_did != old_did) {
		pasid_sync_iotlb(batch, ps, new, new_did);
	}
}

/*
 * VT-d spec, section 6.5.3.3 (Guidance to Software for Invalidations)
 *
 * Entry that was present: drop it from the PASID-cache after each step. After
 * the last one go on, in the same submission, with what was cached behind it:
 * first the IOTLB, as it may be refilled by way of a PASID-cache entry, then
 * the device TLB, as that is refilled from the IOTLB.
 *
 * Entry that was not present: only a unit with caching mode has cached
 * anything. The steps before the last one need the invalidation all the same,
 * as it is what waits for a fetch under way.
 */
static void pasid_sync(struct entry_sync *es, bool last)
{
	struct pasid_sync *ps = container_of(es, struct pasid_sync, es);
	struct pasid_entry *live = (struct pasid_entry *)es->entry;
	bool was_present = pasid_pte_is_present(&ps->old);
	struct intel_iommu *iommu = ps->info->iommu;
	struct qi_batch batch;

	last &= ps->final;
	__iommu_flush_cache(iommu, live, sizeof(*live));

	if (last && !was_present && !cap_caching_mode(iommu->cap)) {
		iommu_flush_write_buffer(iommu);
		return;
	}

	inv_init(&batch);
	inv_pasid_cache(&batch, ps->cached_did, ps->pasid, QI_PC_PASID_SEL);
	ps->cached_did = pasid_cache_tag(live);
	if (last && was_present) {
		inv_fence(&batch);
		pasid_sync_translations(&batch, ps, live);
		inv_devtlb(&batch, ps->info, ps->pasid);
	} else if (last) {
		/* An emulated unit may go by the DID of the new entry. */
		inv_pasid_cache(&batch, ps->cached_did, ps->pasid,
				QI_PC_PASID_SEL);
		inv_fence(&batch);
		if (pasid_pte_is_present(live))
			pasid_sync_iotlb(&batch, ps, live, ps->cached_did);
	}
	inv_submit(&batch, iommu);
}

static const struct entry_sync_ops pasid_entry_sync_ops = {
	.get_used = pasid_entry_get_used,
	.get_update_safe = pasid_entry_get_update_safe,
	.sync = pasid_sync,
};

static struct entry_sync pasid_entry_sync(struct pasid_entry *pe)
{
	return (struct entry_sync){
		.ops = &pasid_entry_sync_ops,
		.entry = pe->val,
		.num_words = ARRAY_SIZE(pe->val),
		.quantum_words = entry_sync_quantum_words(2),
		.present_word = 0,
		.present_mask = PASID_PE_P,
	};
}

static bool is_hitless(struct pasid_entry *from, const struct pasid_entry *to)
{
	struct entry_sync es = pasid_entry_sync(from);
	enum entry_sync_verdict verdict = entry_sync_plan(&es, to->val).verdict;

	return verdict == ENTRY_SYNC_UNCHANGED || verdict == ENTRY_SYNC_HITLESS;
}

static void pasid_sync_write(struct pasid_sync *ps,
			     const struct pasid_entry *target, bool final)
{
	const struct pasid_entry from = *(struct pasid_entry *)ps->es.entry;
	struct entry_sync_result result;

	ps->final = final;
	result = entry_sync_write(&ps->es, target->val);
	trace_pasid_entry_update(ps->info->dev, ps->pasid, from.val,
				 target->val, ARRAY_SIZE(from.val), &result);
}

/*
 * Move the entry to @target by way of entries with the detour's DID: from the
 * old table under its DID to the old table under the detour's, to the new
 * table under that, to the new one under its own. Each is hitless where
 * changing table and DID at once is not, and grants what either domain grants.
 *
 * The DID tags what the unit caches. Nobody else uses the detour's, so that it
 * may tag translations of both tables: whoever hits them is this device, and
 * both domains have cache tags with it, so that unmapping finds them.
 *
 * If the detour's DID is the old or the new one's, one of the moves is none.
 */
static bool pasid_sync_detour(struct pasid_sync *ps, struct pasid_entry *live,
			      const struct pasid_entry *target)
{
	struct pasid_entry old = *live, new = *target;

	FIELD_MODIFY(PASID_PE_DID, &old.val[1], ps->detour);
	FIELD_MODIFY(PASID_PE_DID, &new.val[1], ps->detour);
	if (!is_hitless(live, &old) || !is_hitless(&old, &new) ||
	    !is_hitless(&new, target))
		return false;

	if (ps->detour != pasid_get_domain_id(live))
		pasid_sync_write(ps, &old, false);
	if (ps->detour != pasid_get_domain_id(target))
		pasid_sync_write(ps, &new, false);
	pasid_sync_write(ps, target, true);
	return true;
}

static void pasid_entry_write(struct device_domain_info *info, u32 pasid,
			      struct pasid_entry *live,
			      const struct pasid_entry *target, u16 detour)
{
	struct pasid_sync ps = {
		.es = pasid_entry_sync(live),
		.info = info,
		.pasid = pasid,
		.old = *live,
		.cached_did = pasid_cache_tag(live),
		.detour = detour,
	};

	lockdep_assert_held(&info->iommu->lock);
	if (detour && !is_hitless(live, target) &&
	    pasid_sync_detour(&ps, live, target))
		return;

	ps.detour = 0;
	pasid_sync_write(&ps, target, true);
}

/**
 * pasid_entry_wants_detour - whether a DID of its own would make a change
 *			      hitless
 * @info: the device
 * @pe: the PASID's entry, or NULL if it has none
 * @domain: what shall be attached; its DID exists on the unit
 *
 * Context: Any. Takes iommu->lock.
 * Return: true if pasid_entry_install() should be given a DID for a detour.
 */
bool pasid_entry_wants_detour(struct device_domain_info *info,
			      struct pasid_entry *pe,
			      struct iommu_domain *domain)
{
	struct pasid_entry target;

	if (!pe)
		return false;

	guard(spinlock)(&info->iommu->lock);
	pasid_entry_make(info->iommu, &target, domain);

	return !is_hitless(pe, &target);
}

/**
 * pasid_entry_install - make a PASID translate through a domain
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @pe: the PASID's entry, or NULL if it has none, to block it
 * @domain: of any type; its DID and cache tags exist on the unit
 * @detour: a DID that no other entry has, or 0. Both domains have cache tags
 *          with it. Afterwards nothing is cached with it, unless it is the
 *          domain's.
 *
 * The install step of the attach path for scalable mode. Cannot fail.
 *
 * Context: Any. Takes iommu->lock.
 */
void pasid_entry_install(struct device_domain_info *info, u32 pasid,
			 struct pasid_entry *pe, struct iommu_domain *domain,
			 u16 detour)
{
	struct pasid_entry target;

	if (!pe)
		return;

	guard(spinlock)(&info->iommu->lock);
	pasid_entry_make(info->iommu, &target, domain);
	pasid_entry_write(info, pasid, pe, &target, detour);
}

/* Is the entry what @target is, but for control bits? */
static bool is_of_domain(const struct pasid_entry *pe,
			 const struct pasid_entry *target)
{
	return !((pe->val[0] ^ target->val[0]) & ~PASID_PE_SSADE) &&
	       !((pe->val[1] ^ target->val[1]) & ~PASID_PE_PGSNP) &&
	       pe->val[2] == target->val[2];
}

/**
 * pasid_entry_refresh - bring control bits of a domain into a live entry
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @domain: a domain with a DID that @pasid is, was or is about to be attached
 *          to, and whose dirty tracking or snooping has changed
 *
 * While an entry is being replaced it is found on two domains' lists. If it is
 * not this domain's it is left alone, as the control bits are read under the
 * lock when it is built.
 *
 * Context: Any. Takes iommu->lock.
 */
void pasid_entry_refresh(struct device_domain_info *info, u32 pasid,
			 struct dmar_domain *domain)
{
	struct pasid_entry *live = pasid_entry_lookup(info, pasid);
	struct intel_iommu *iommu = info->iommu;
	struct pasid_entry target;

	if (!live)
		return;

	guard(spinlock)(&iommu->lock);
	pasid_entry_make(iommu, &target, &domain->domain);
	if (is_of_domain(live, &target))
		pasid_entry_write(info, pasid, live, &target, 0);
}

/**
 * intel_pasid_tear_down_entry - make a PASID's entry non-present
 * @iommu: the unit of @dev
 * @dev: the device
 * @pasid: its PASID
 * @fault_ignore: record no faults for the requests that still come
 *
 * For an address space that goes away under its devices (svm.c); everything
 * else attaches a blocked domain.
 *
 * Context: Any. Takes iommu->lock.
 */
void intel_pasid_tear_down_entry(struct intel_iommu *iommu, struct device *dev,
				 u32 pasid, bool fault_ignore)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct pasid_entry *live = pasid_entry_lookup(info, pasid);
	struct pasid_entry target = {};

	if (!live)
		return;

	if (fault_ignore)
		target.val[0] = PASID_PE_FPD;

	guard(spinlock)(&iommu->lock);
	pasid_entry_write(info, pasid, live, &target, 0);
}
