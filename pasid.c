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

#include "entry_sync.h"
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
 */
struct pasid_sync {
	struct entry_sync es;
	struct device_domain_info *info;
	u32 pasid;
	struct pasid_entry old;
	u16 cached_did;
};

/* A unit with caching mode caches entries that are not present as DID 0. */
static u16 pasid_cache_tag(const struct pasid_entry *pe)
{
	return pasid_pte_is_present(pe) ? pasid_get_domain_id(pe) : 0;
}

/* VT-d spec, section 6.5.3.3 (Guidance to Software for Invalidations) */
static void pasid_sync_iotlb(struct qi_batch *batch, struct pasid_sync *ps,
			     const struct pasid_entry *cached)
{
	u16 did = pasid_get_domain_id(cached);

	switch (pasid_pte_get_pgtt(cached)) {
	case PASID_ENTRY_PGTT_SL_ONLY:
	case PASID_ENTRY_PGTT_NESTED:
		inv_iotlb(batch, ps->info->iommu, did, DMA_TLB_DSI_FLUSH);
		break;
	default:
		inv_piotlb(batch, did, ps->pasid);
	}
}

/*
 * Entry that was present: drop it from the PASID-cache after each step. After
 * the last one go on, in the same submission, with what was cached behind it:
 * first the IOTLB, as it may be refilled by way of a PASID-cache entry, then
 * the device TLB, as that is refilled from the IOTLB.
 *
 * What was translated with the old entry is tagged with its DID. Emulated units
 * may read the DID apart from the rest of the entry: QEMU's does so after the
 * walk, and caches a translation of the old table with the new DID if the
 * entry changed in between. So the new DID's translations go as well.
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

	__iommu_flush_cache(iommu, live, sizeof(*live));

	if (last && !was_present && !cap_caching_mode(iommu->cap)) {
		iommu_flush_write_buffer(iommu);
		return;
	}

	inv_init(&batch);
	inv_pasid_cache(&batch, ps->cached_did, ps->pasid, QI_PC_PASID_SEL);
	ps->cached_did = pasid_cache_tag(live);
	if (last) {
		if (!was_present)
			inv_pasid_cache(&batch, ps->cached_did, ps->pasid,
					QI_PC_PASID_SEL);
		inv_fence(&batch);
		if (was_present)
			pasid_sync_iotlb(&batch, ps, &ps->old);
		if (pasid_pte_is_present(live) &&
		    ps->cached_did != pasid_get_domain_id(&ps->old))
			pasid_sync_iotlb(&batch, ps, live);
		if (was_present)
			inv_devtlb(&batch, ps->info, ps->pasid);
	}
	inv_submit(&batch, iommu);
}

static const struct entry_sync_ops pasid_entry_sync_ops = {
	.get_used = pasid_entry_get_used,
	.get_update_safe = pasid_entry_get_update_safe,
	.sync = pasid_sync,
};

static void pasid_entry_write(struct device_domain_info *info, u32 pasid,
			      struct pasid_entry *live,
			      const struct pasid_entry *target)
{
	struct pasid_sync ps = {
		.es = {
			.ops = &pasid_entry_sync_ops,
			.entry = live->val,
			.num_words = ARRAY_SIZE(live->val),
			.quantum_words = entry_sync_quantum_words(2),
			.present_word = 0,
			.present_mask = PASID_PE_P,
		},
		.info = info,
		.pasid = pasid,
		.old = *live,
		.cached_did = pasid_cache_tag(live),
	};

	struct entry_sync_result result;

	lockdep_assert_held(&info->iommu->lock);
	result = entry_sync_write(&ps.es, target->val);
	trace_pasid_entry_update(info->dev, pasid, ps.old.val, target->val,
				 ARRAY_SIZE(target->val), &result);
}

/**
 * pasid_entry_install - make a PASID translate through a domain
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @pe: the PASID's entry, or NULL if it has none, to block it
 * @domain: of any type; its DID and cache tags exist on the unit
 *
 * The install step of the attach path for scalable mode. Cannot fail.
 *
 * Context: Any. Takes iommu->lock.
 */
void pasid_entry_install(struct device_domain_info *info, u32 pasid,
			 struct pasid_entry *pe, struct iommu_domain *domain)
{
	struct pasid_entry target;

	if (!pe)
		return;

	spin_lock(&info->iommu->lock);
	pasid_entry_make(info->iommu, &target, domain);
	pasid_entry_write(info, pasid, pe, &target);
	spin_unlock(&info->iommu->lock);
}

/**
 * pasid_entry_refresh - bring control bits of a domain into a live entry
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @domain: a domain with a DID of its own that @pasid is, was or is about to
 *          be attached to, and whose dirty tracking or snooping has changed
 *
 * An entry with another DID is not this domain's: while it is being replaced
 * it is found on two lists. It is left alone, as the control bits are read
 * under the lock when it is built.
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

	spin_lock(&iommu->lock);
	pasid_entry_make(iommu, &target, &domain->domain);
	if (pasid_pte_is_present(live) &&
	    pasid_get_domain_id(live) == pasid_get_domain_id(&target))
		pasid_entry_write(info, pasid, live, &target);
	spin_unlock(&iommu->lock);
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

	spin_lock(&iommu->lock);
	pasid_entry_write(info, pasid, live, &target);
	spin_unlock(&iommu->lock);
}
