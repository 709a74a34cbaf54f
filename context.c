// SPDX-License-Identifier: GPL-2.0
/*
 * Context entries, legacy and scalable
 *
 * A device is translated through the context entry of its requester ID and
 * of each of its DMA aliases. In legacy mode the entry holds the page table
 * and changes with the domain; in scalable mode it holds the PASID directory
 * and changes when the device comes and goes, or when it is taken over from
 * a crashed kernel.
 *
 * As for PASID entries, entry_sync is the only writer and iommu->lock covers
 * every entry of the unit throughout its change.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "entry_format.h"
#include "../entry_sync.h"
#include "entry_trace.h"
#include "inval.h"
#include "iommu.h"
#include "pasid.h"

/*
 * The state of one change of a context entry
 *
 * @old: the entry as it was before
 * @cached_did: what tags the entry that hardware may have cached since the last
 *              sync. Invalidating the context-cache goes by it.
 * @copied: it was taken over from a crashed kernel
 */
struct context_sync {
	struct entry_sync es;
	struct device_domain_info *info;
	u16 sid;
	struct context_words old;
	u16 cached_did;
	bool copied;
};

static bool is_present(const struct context_words *ce)
{
	return ce->val[0] & CONTEXT_P;
}

/*
 * A unit with caching mode caches entries that are not present as DID 0. A
 * scalable mode entry has no DID, and the unit looks at none.
 */
static u16 context_cache_tag(struct intel_iommu *iommu,
			     const struct context_words *ce)
{
	if (sm_supported(iommu) || !is_present(ce))
		return 0;

	return FIELD_GET(CONTEXT_DID, ce->val[1]);
}

/* A unit without a queue: legacy mode, without device TLBs. */
static void context_sync_registers(struct context_sync *cs, u16 cached_did,
				   u16 iotlb_did, bool last)
{
	struct iommu_flush *flush = &cs->info->iommu->flush;

	flush->flush_context(cs->info->iommu, cached_did, cs->sid,
			     DMA_CCMD_MASK_NOBIT, DMA_CCMD_DEVICE_INVL);
	if (last)
		flush->flush_iotlb(cs->info->iommu, iotlb_did, 0, 0,
				   DMA_TLB_DSI_FLUSH);
}

/*
 * A copied entry may be cached with any DID and, in scalable mode, with any
 * PASID entries behind it: drop everything.
 */
static void context_sync_copied(struct context_sync *cs)
{
	struct intel_iommu *iommu = cs->info->iommu;
	struct qi_batch batch;

	if (!iommu->qi) {
		iommu->flush.flush_context(iommu, 0, 0, 0,
					   DMA_CCMD_GLOBAL_INVL);
		iommu->flush.flush_iotlb(iommu, 0, 0, 0, DMA_TLB_GLOBAL_FLUSH);
		return;
	}

	inv_init(&batch);
	inv_all(&batch, iommu);
	inv_devtlb(&batch, cs->info, IOMMU_NO_PASID);
	inv_submit(&batch, iommu);
}

/*
 * VT-d spec, section 6.5.3.3 (Guidance to Software for Invalidations): the
 * context-cache after each step; after the last one also what was cached
 * behind the entry, in the order in which one cache is refilled from the
 * next. A scalable mode entry changes only while nothing is attached to any
 * PASID, so there is nothing behind it but the device TLB.
 *
 * An entry that was not present is cached only with caching mode; the steps
 * before the last one need the invalidation all the same, as it is what waits
 * for a fetch under way.
 */
static void context_sync(struct entry_sync *es, bool last)
{
	struct context_sync *cs = container_of(es, struct context_sync, es);
	struct context_words *live = (struct context_words *)es->entry;
	struct intel_iommu *iommu = cs->info->iommu;
	bool was_present = is_present(&cs->old);
	u16 cached_did, iotlb_did;
	struct qi_batch batch;

	__iommu_flush_cache(iommu, live, sizeof(*live));

	if (cs->copied) {
		context_sync_copied(cs);
		return;
	}
	if (last && !was_present && !cap_caching_mode(iommu->cap)) {
		iommu_flush_write_buffer(iommu);
		return;
	}

	iotlb_did = context_cache_tag(iommu, was_present ? &cs->old : live);
	cached_did = cs->cached_did;
	cs->cached_did = context_cache_tag(iommu, live);
	if (!iommu->qi) {
		context_sync_registers(cs, cached_did, iotlb_did, last);
		return;
	}

	inv_init(&batch);
	inv_context_cache(&batch, cached_did, cs->sid, DMA_CCMD_DEVICE_INVL);
	if (last && (!sm_supported(iommu) || !was_present)) {
		inv_fence(&batch);
		inv_iotlb(&batch, iommu, iotlb_did, DMA_TLB_DSI_FLUSH);
	}
	if (last && was_present)
		inv_devtlb(&batch, cs->info, IOMMU_NO_PASID);
	inv_submit(&batch, iommu);
}

static const struct entry_sync_ops context_sync_ops_legacy = {
	.get_used = context_entry_get_used_legacy,
	.get_update_safe = context_entry_get_update_safe,
	.sync = context_sync,
};

static const struct entry_sync_ops context_sync_ops_scalable = {
	.get_used = context_entry_get_used_scalable,
	.get_update_safe = context_entry_get_update_safe,
	.sync = context_sync,
};

static void context_entry_write(struct device_domain_info *info, u16 sid,
				struct context_words *live,
				const struct context_words *target)
{
	struct intel_iommu *iommu = info->iommu;
	u8 bus = PCI_BUS_NUM(sid), devfn = sid & 0xff;
	struct context_sync cs = {
		.es = {
			.ops = sm_supported(iommu) ? &context_sync_ops_scalable :
						     &context_sync_ops_legacy,
			.entry = live->val,
			.num_words = ARRAY_SIZE(live->val),
			.quantum_words = entry_sync_quantum_words(2),
			.present_word = 0,
			.present_mask = CONTEXT_P,
		},
		.info = info,
		.sid = sid,
		.old = *live,
		.cached_did = context_cache_tag(iommu, live),
		.copied = context_copied(iommu, bus, devfn),
	};

	struct entry_sync_result result;

	lockdep_assert_held(&iommu->lock);
	result = entry_sync_write(&cs.es, target->val);
	trace_context_entry_update(info->dev, sid, cs.old.val, target->val,
				   ARRAY_SIZE(target->val), &result);
	if (cs.copied)
		clear_context_copied(iommu, bus, devfn);
}

/* Call @fn for the requester ID of @info's device and for each alias of it. */
static int visit_sids(struct device_domain_info *info,
		      int (*fn)(struct pci_dev *pdev, u16 sid, void *opaque),
		      void *opaque)
{
	if (!dev_is_pci(info->dev))
		return fn(NULL, PCI_DEVID(info->bus, info->devfn), opaque);

	return pci_for_each_dma_alias(to_pci_dev(info->dev), fn, opaque);
}

/* A copied entry is found without @alloc, too. */
static struct context_words *context_entry_lookup(struct intel_iommu *iommu,
						  u16 sid, bool alloc)
{
	u8 bus = PCI_BUS_NUM(sid), devfn = sid & 0xff;

	alloc |= context_copied(iommu, bus, devfn);
	return (struct context_words *)iommu_context_addr(iommu, bus, devfn,
							  alloc);
}

static int context_entry_alloc_one(struct pci_dev *pdev, u16 sid, void *opaque)
{
	struct intel_iommu *iommu = opaque;

	guard(spinlock)(&iommu->lock);

	return context_entry_lookup(iommu, sid, true) ? 0 : -ENOMEM;
}

/**
 * context_entries_alloc - make sure that the device has context entries
 * @info: the device
 *
 * Tables are never freed, so that later steps find what this one made.
 *
 * Context: Any. Takes iommu->lock.
 * Return: 0 or -ENOMEM.
 */
int context_entries_alloc(struct device_domain_info *info)
{
	return visit_sids(info, context_entry_alloc_one, info->iommu);
}

/* What one device's entries shall be; @own for its own requester ID */
struct context_target {
	struct device_domain_info *info;
	struct context_words own;
	struct context_words alias;
};

static int context_entry_install_one(struct pci_dev *pdev, u16 sid,
				     void *opaque)
{
	struct context_target *target = opaque;
	struct device_domain_info *info = target->info;
	bool own = sid == PCI_DEVID(info->bus, info->devfn);
	struct context_words *live;

	guard(spinlock)(&info->iommu->lock);
	live = context_entry_lookup(info->iommu, sid, false);
	if (live)
		context_entry_write(info, sid, live,
				    own ? &target->own : &target->alias);

	return 0;
}

/**
 * context_entries_install - make a device translate through a domain
 * @info: the device
 * @domain: second-stage, identity or blocked; its DID and cache tags exist on
 *          the unit
 *
 * The install step of the attach path for legacy mode. Cannot fail; entries
 * that do not exist (see context_entries_alloc()) are blocked already.
 *
 * Context: Any. Takes iommu->lock for each entry.
 */
void context_entries_install(struct device_domain_info *info,
			     struct iommu_domain *domain)
{
	struct context_target target = { .info = info };
	struct pt_iommu_vtdss_hw_info hw;
	u16 did;

	if (domain->type == IOMMU_DOMAIN_IDENTITY) {
		context_entry_make_pass_through(&target.own, FLPT_DEFAULT_DID,
						info->iommu->msagaw);
		target.alias = target.own;
	} else if (domain->type != IOMMU_DOMAIN_BLOCKED) {
		/* The ATC is the device's own, not that of its aliases. */
		pt_iommu_vtdss_hw_info(&to_dmar_domain(domain)->sspt, &hw);
		did = iommu_domain_did(domain, info->iommu);
		context_entry_make_second_stage(&target.own, did, hw.ssptptr,
						hw.aw, info->ats_supported);
		context_entry_make_second_stage(&target.alias, did, hw.ssptptr,
						hw.aw, false);
	}

	visit_sids(info, context_entry_install_one, &target);
}

/* Aliases that are devices of their own have directories of their own. */
static bool sid_is_own(struct device_domain_info *info, struct pci_dev *pdev)
{
	return !pdev || &pdev->dev == info->dev;
}

static int setup_sm_context_one(struct pci_dev *pdev, u16 sid, void *opaque)
{
	struct device_domain_info *info = opaque;
	struct intel_iommu *iommu = info->iommu;
	struct context_words *live, target;
	u64 flags = 0;

	if (!sid_is_own(info, pdev))
		return 0;

	if (info->ats_supported)
		flags |= CONTEXT_SM_DTE;
	if (info->pasid_supported)
		flags |= CONTEXT_SM_PASIDE;
	if (info->pri_supported)
		flags |= CONTEXT_SM_PRE;
	context_entry_make_scalable(&target,
				    virt_to_phys(info->pasid_table->table),
				    info->pasid_table->max_pasid / PASID_TBL_ENTRIES,
				    flags);

	guard(spinlock)(&iommu->lock);
	live = context_entry_lookup(iommu, sid, true);
	if (!live)
		return -ENOMEM;

	/* The entry of an alias that was probed before stays that device's. */
	if (!is_present(live) ||
	    context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff))
		context_entry_write(info, sid, live, &target);

	return 0;
}

/**
 * intel_pasid_setup_sm_context - point a device to its PASID directory
 * @dev: the device
 *
 * Replaces a context entry that was copied from a crashed kernel.
 *
 * Context: Any. Takes iommu->lock for each entry.
 * Return: 0; -ENOMEM, which cannot happen after context_entries_alloc().
 */
int intel_pasid_setup_sm_context(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	return visit_sids(info, setup_sm_context_one, info);
}

static int teardown_sm_context_one(struct pci_dev *pdev, u16 sid, void *opaque)
{
	struct context_target *target = opaque;

	if (!sid_is_own(target->info, pdev))
		return 0;

	return context_entry_install_one(pdev, sid, target);
}

/**
 * intel_pasid_teardown_sm_context - take the PASID directory from a device
 * @dev: a device whose PASIDs are all blocked
 *
 * Context: Any. Takes iommu->lock for each entry.
 */
void intel_pasid_teardown_sm_context(struct device *dev)
{
	struct context_target target = { .info = dev_iommu_priv_get(dev) };

	visit_sids(target.info, teardown_sm_context_one, &target);
}
