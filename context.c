// SPDX-License-Identifier: GPL-2.0
/*
 * Context entries, legacy and scalable
 *
 * A device is translated through the context entry of its requester ID and
 * of each of its DMA aliases. In legacy mode the entry holds the page table
 * and changes with the domain; in scalable mode it holds the PASID directory
 * and changes when the device comes and goes.
 *
 * An entry may be that of the kernel before, which has crashed or handed it
 * over. It is marked as copied until the first change.
 *
 * As for PASID entries, entry_sync is the only writer, and whoever changes an
 * entry holds the entry_lock of its device throughout. Devices that share an
 * entry, as they have an alias in common, are in one group, whose mutex keeps
 * them apart. iommu->lock covers the allocation of context tables.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "context.h"
#include "entry_format.h"
#include "../entry_sync.h"
#include "entry_trace.h"
#include "inval.h"
#include "iommu.h"
#include "pasid.h"

/*
 * The state of one change of a context entry
 *
 * @info: the device, NULL if there is none (any more)
 * @old: the entry as it was before
 * @cached_did: what tags the entry that hardware may have cached since the last
 *              sync. Invalidating the context-cache goes by it.
 * @unknown: nobody knows what is cached by way of @old: it is copied from the
 *           kernel before, or leads to another device's directory
 * @flushed: what @old brought to the caches is gone
 */
struct context_sync {
	struct entry_sync es;
	struct intel_iommu *iommu;
	struct device_domain_info *info;
	u16 sid;
	struct context_words old;
	u16 cached_did;
	bool unknown;
	bool flushed;
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

/* A device that is gone has taken its ATC along. */
static void context_sync_devtlb(struct qi_batch *batch, struct context_sync *cs)
{
	if (cs->info)
		inv_devtlb(batch, cs->info, IOMMU_NO_PASID);
}

/* A unit without a queue: legacy mode, without device TLBs. */
static void context_sync_registers(struct context_sync *cs, u16 cached_did,
				   u16 iotlb_did, bool flush)
{
	struct iommu_flush *ops = &cs->iommu->flush;

	ops->flush_context(cs->iommu, cached_did, cs->sid, DMA_CCMD_MASK_NOBIT,
			   DMA_CCMD_DEVICE_INVL);
	if (flush)
		ops->flush_iotlb(cs->iommu, iotlb_did, 0, 0, DMA_TLB_DSI_FLUSH);
}

/*
 * The entry may be cached with any DID and, in scalable mode, with any PASID
 * entries behind it: drop everything.
 */
static void context_sync_unknown(struct context_sync *cs)
{
	struct intel_iommu *iommu = cs->iommu;
	struct qi_batch batch __uninitialized;

	if (!iommu->qi) {
		iommu->flush.flush_context(iommu, 0, 0, 0,
					   DMA_CCMD_GLOBAL_INVL);
		iommu->flush.flush_iotlb(iommu, 0, 0, 0, DMA_TLB_GLOBAL_FLUSH);
		return;
	}

	inv_init(&batch);
	inv_all(&batch, iommu);
	context_sync_devtlb(&batch, cs);
	inv_submit(&batch, iommu);
}

/*
 * Nobody waits for the step that clears the rest of an entry which has gone:
 * hardware looks at nothing but P. A fetch may find the rest as it was, but in one
 * quantum with P; where quanta are shorter, what is set again changes in each
 * that counts, and entry_sync waits for that before it sets P.
 */
static bool is_gone(struct context_sync *cs, const struct context_words *live,
		    bool last)
{
	return last && cs->flushed && !is_present(live) &&
	       !cap_caching_mode(cs->iommu->cap);
}

/*
 * VT-d spec, section 6.5.3.3 (Guidance to Software for Invalidations): the
 * context-cache after each step; after the last one, or as soon as the entry is
 * absent, also what was cached behind the entry, in the order in which one cache
 * is refilled from the next. A scalable mode entry changes only while nothing is
 * attached to any PASID, so there is nothing behind it but the device TLB.
 *
 * An entry that was not present is cached only with caching mode; the steps
 * before the last one need the invalidation all the same, as it is what waits
 * for a fetch under way.
 */
static void context_sync(struct entry_sync *es, bool last)
{
	struct context_sync *cs = container_of(es, struct context_sync, es);
	struct context_words *live = (struct context_words *)es->entry;
	bool flush = is_present(&cs->old) && !cs->flushed;
	bool appears = last && !flush && is_present(live);
	struct intel_iommu *iommu = cs->iommu;
	u16 cached_did, iotlb_did;
	struct qi_batch batch __uninitialized;

	__iommu_flush_cache(iommu, live, sizeof(*live));

	if (is_gone(cs, live, last))
		return;
	if (cs->unknown) {
		context_sync_unknown(cs);
		return;
	}
	if (appears && !cap_caching_mode(iommu->cap)) {
		iommu_flush_write_buffer(iommu);
		return;
	}

	iotlb_did = context_cache_tag(iommu, flush ? &cs->old : live);
	cached_did = cs->cached_did;
	cs->cached_did = context_cache_tag(iommu, live);
	flush &= last || !is_present(live);
	cs->flushed |= flush;
	if (!iommu->qi) {
		context_sync_registers(cs, cached_did, iotlb_did,
				       flush || appears);
		return;
	}

	inv_init(&batch);
	inv_context_cache(&batch, cached_did, cs->sid, DMA_CCMD_DEVICE_INVL);
	if (appears || (flush && !sm_supported(iommu))) {
		inv_fence(&batch);
		inv_iotlb(&batch, iommu, iotlb_did, DMA_TLB_DSI_FLUSH);
	}
	if (flush)
		context_sync_devtlb(&batch, cs);
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

static bool is_copied(struct intel_iommu *iommu, u16 sid)
{
	return context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

static bool changes_directory(struct intel_iommu *iommu,
			      const struct context_words *from,
			      const struct context_words *to)
{
	return sm_supported(iommu) && is_present(from) && is_present(to) &&
	       (from->val[0] ^ to->val[0]) & CONTEXT_SM_PASIDDIRPTR;
}

/* @info may be NULL. */
static void context_entry_write(struct intel_iommu *iommu,
				struct device_domain_info *info, u16 sid,
				struct context_words *live,
				const struct context_words *target)
{
	struct context_sync cs = {
		.es = {
			.ops = sm_supported(iommu) ? &context_sync_ops_scalable :
						     &context_sync_ops_legacy,
			.entry = live->val,
			.num_words = ARRAY_SIZE(live->val),
			.quantum_words = iommu->quantum_words,
			.present_word = 0,
			.present_mask = CONTEXT_P,
		},
		.iommu = iommu,
		.info = info,
		.sid = sid,
		.old = *live,
		.cached_did = context_cache_tag(iommu, live),
		.unknown = is_copied(iommu, sid) ||
			   changes_directory(iommu, live, target),
	};
	struct entry_sync_result result;

	if (info)
		lockdep_assert_held(&info->entry_lock);
	result = entry_sync_write(&cs.es, target->val);
	if (info)
		trace_context_entry_update(info->dev, sid, cs.old.val,
					   target->val, ARRAY_SIZE(target->val),
					   &result);
	if (is_copied(iommu, sid))
		clear_context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

struct sid_visit {
	struct device_domain_info *info;
	context_sid_fn fn;
	void *opaque;
};

/* In scalable mode, other devices have directories of their own. */
static int visit_sid(struct pci_dev *pdev, u16 sid, void *opaque)
{
	struct sid_visit *visit = opaque;
	struct device_domain_info *info = visit->info;

	if (sm_supported(info->iommu) && &pdev->dev != info->dev)
		return 0;

	return visit->fn(info, sid, visit->opaque);
}

/**
 * context_visit_sids - visit the requester IDs whose entries are a device's
 * @info: the device
 * @fn: called for each; anything but 0 ends the visit
 * @opaque: handed to @fn
 *
 * A device does DMA by its own requester ID and by its DMA aliases. In scalable
 * mode a bridge does not lend its ID: its entry leads to its own directory.
 *
 * Context: Any that suits @fn.
 * Return: what the last call of @fn returned.
 */
int context_visit_sids(struct device_domain_info *info, context_sid_fn fn,
		       void *opaque)
{
	struct sid_visit visit = { .info = info, .fn = fn, .opaque = opaque };

	if (!dev_is_pci(info->dev))
		return fn(info, PCI_DEVID(info->bus, info->devfn), opaque);

	return pci_for_each_dma_alias(to_pci_dev(info->dev), visit_sid, &visit);
}

/**
 * context_rtaddr - what points a unit to a root table
 * @iommu: the unit
 * @root: the root table
 *
 * Context: Any.
 * Return: the value of the root table address register.
 */
u64 context_rtaddr(struct intel_iommu *iommu, void *root)
{
	return virt_to_phys(root) | (sm_supported(iommu) ? DMA_RTADDR_SMT : 0);
}

/**
 * context_root_entry - find what points to a context table
 * @rtaddr: the value of a root table address register
 * @sid: a requester ID
 *
 * VT-d spec, section 9.1 (Root Entry) and 9.2 (Scalable-Mode Root Entry): in
 * scalable mode two tables make a bus.
 *
 * Context: Any.
 * Return: half of a root entry: 0, or the address of the table and
 * %CONTEXT_ROOT_P.
 */
u64 *context_root_entry(u64 rtaddr, u16 sid)
{
	u64 *root = phys_to_virt(rtaddr & VTD_PAGE_MASK);
	bool upper = rtaddr & DMA_RTADDR_SMT && sid & 0x80;

	return root + 2 * PCI_BUS_NUM(sid) + upper;
}

/**
 * context_entry_at - find a context entry
 * @rtaddr: the value of a root table address register
 * @sid: a requester ID
 *
 * VT-d spec, section 9.3 (Context Entry) and 9.4 (Scalable-Mode Context Entry).
 *
 * Context: Any. Context tables are never freed while a unit uses them.
 * Return: the entry, which in scalable mode has two words more, both reserved;
 * NULL if there is no table for it.
 */
struct context_words *context_entry_at(u64 rtaddr, u16 sid)
{
	u64 root = READ_ONCE(*context_root_entry(rtaddr, sid));
	struct context_words *table = phys_to_virt(root & VTD_PAGE_MASK);

	if (!(root & CONTEXT_ROOT_P))
		return NULL;

	return table + (rtaddr & DMA_RTADDR_SMT ? 2 * (sid & 0x7f) :
						  sid & 0xff);
}

/**
 * context_entry_lookup - find the live entry of a requester ID
 * @iommu: the unit
 * @sid: the requester ID
 *
 * Context: Any. Who does not hold the device's entry_lock may find it half
 * changed.
 * Return: the entry; NULL if there is no table for it, so that it reads as not
 * present.
 */
struct context_words *context_entry_lookup(struct intel_iommu *iommu, u16 sid)
{
	return context_entry_at(context_rtaddr(iommu, iommu->root_entry), sid);
}

/**
 * context_entry_alloc - make sure that a requester ID has an entry
 * @iommu: the unit
 * @sid: the requester ID
 *
 * Tables are never freed, so that later steps find what this one made.
 *
 * Context: Not in interrupts. Takes iommu->lock.
 * Return: 0 or -ENOMEM.
 */
int context_entry_alloc(struct intel_iommu *iommu, u16 sid)
{
	guard(spinlock)(&iommu->lock);

	return iommu_context_addr(iommu, PCI_BUS_NUM(sid), sid & 0xff, true) ?
		0 : -ENOMEM;
}

/**
 * context_entry_restore - go on with an entry of the kernel before
 * @iommu: a unit whose root table is not in use yet
 * @sid: a requester ID that context_entry_alloc() has made an entry for
 * @ce: the entry
 *
 * Context: At boot, before there are devices. Spins until the unit has
 * invalidated.
 */
void context_entry_restore(struct intel_iommu *iommu, u16 sid,
			   const struct context_words *ce)
{
	struct context_words *live = context_entry_lookup(iommu, sid);

	if (WARN_ON(!live))
		return;

	context_entry_write(iommu, NULL, sid, live, ce);
	set_context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

/**
 * context_entry_block - block a requester ID of a device that is gone
 * @iommu: the unit
 * @sid: the requester ID
 *
 * Context: Any, while nobody else writes the entry: it is marked as copied, and no
 * device is attached by it. Spins until the unit has invalidated.
 */
void context_entry_block(struct intel_iommu *iommu, u16 sid)
{
	struct context_words *live = context_entry_lookup(iommu, sid);
	const struct context_words blocked = {};

	if (live)
		context_entry_write(iommu, NULL, sid, live, &blocked);
}

/**
 * context_entry_make_directory - build the entry that leads to a directory
 * @ce: built here; not a live entry
 * @info: the device
 * @dir: physical address of its PASID directory
 * @entries: number of entries of the directory, a power of two
 * @answers: somebody is there to answer the device's page requests
 *
 * Context: Any.
 */
void context_entry_make_directory(struct context_words *ce,
				  const struct device_domain_info *info,
				  phys_addr_t dir, u32 entries, bool answers)
{
	u64 flags = 0;

	if (info->ats_supported)
		flags |= CONTEXT_SM_DTE;
	if (info->pasid_supported)
		flags |= CONTEXT_SM_PASIDE;
	if (info->pri_supported && answers)
		flags |= CONTEXT_SM_PRE;
	context_entry_make_scalable(ce, dir, entries, flags);
}

static int context_entry_alloc_one(struct device_domain_info *info, u16 sid,
				   void *opaque)
{
	return context_entry_alloc(info->iommu, sid);
}

/**
 * context_entries_alloc - make sure that the device has context entries
 * @info: the device
 *
 * Context: Not in interrupts. Takes iommu->lock for each entry.
 * Return: 0 or -ENOMEM.
 */
int context_entries_alloc(struct device_domain_info *info)
{
	return context_visit_sids(info, context_entry_alloc_one, NULL);
}

/* What one device's entries shall be; @own for its own requester ID */
struct context_target {
	struct context_words own;
	struct context_words alias;
};

static bool is_second_stage(const struct context_words *ce)
{
	return is_present(ce) && FIELD_GET(CONTEXT_TT, ce->val[0]) <=
				 CONTEXT_TT_SECOND_STAGE_ATS;
}

/*
 * An alias may be another device's own requester ID. That device is attached
 * to the same domain, and may have its ATS on.
 */
static struct context_words alias_entry(const struct context_words *alias,
					const struct context_words *live)
{
	struct context_words ce = *alias;

	if (is_second_stage(&ce) && is_second_stage(live))
		FIELD_MODIFY(CONTEXT_TT, &ce.val[0],
			     FIELD_GET(CONTEXT_TT, live->val[0]));
	return ce;
}

static int context_entry_install_one(struct device_domain_info *info, u16 sid,
				     void *opaque)
{
	struct context_words *live = context_entry_lookup(info->iommu, sid);
	const struct context_target *target = opaque;
	struct context_words ce;

	if (!live)
		return 0;

	ce = sid == PCI_DEVID(info->bus, info->devfn) ?
		target->own : alias_entry(&target->alias, live);
	context_entry_write(info->iommu, info, sid, live, &ce);
	return 0;
}

/**
 * context_entries_install - make a device translate through a domain
 * @info: the device
 * @domain: second-stage, identity or blocked
 * @did: its DID on the unit, if it is second-stage; its cache tags exist there
 *
 * The install step of the attach path for legacy mode. Cannot fail; entries
 * that do not exist (see context_entries_alloc()) are blocked already.
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit,
 * and the device if it has ATS, invalidate.
 */
void context_entries_install(struct device_domain_info *info,
			     struct iommu_domain *domain, u16 did)
{
	struct pt_iommu_vtdss_hw_info hw;
	struct context_target target = {};

	if (domain->type == IOMMU_DOMAIN_IDENTITY) {
		context_entry_make_pass_through(&target.own, FLPT_DEFAULT_DID,
						info->iommu->msagaw);
	} else if (domain->type != IOMMU_DOMAIN_BLOCKED) {
		pt_iommu_vtdss_hw_info(&to_dmar_domain(domain)->sspt, &hw);
		context_entry_make_second_stage(&target.own, did, hw.ssptptr,
						hw.aw, info->ats_supported);
	}
	target.alias = target.own;
	context_entry_make_alias(&target.alias);

	context_visit_sids(info, context_entry_install_one, &target);
}

/*
 * An alias may be the requester ID of another device. Its entry then leads to
 * that device's directory as soon as that is probed, and until it is released.
 */
static bool is_own(struct device_domain_info *info, u16 sid,
		   const struct context_words *live)
{
	u64 dir = virt_to_phys(info->pasid_table->table);

	return sid == PCI_DEVID(info->bus, info->devfn) || !is_present(live) ||
	       is_copied(info->iommu, sid) ||
	       (live->val[0] & CONTEXT_SM_PASIDDIRPTR) == dir;
}

static int install_directory_one(struct device_domain_info *info, u16 sid,
				 void *opaque)
{
	struct context_words *live = context_entry_lookup(info->iommu, sid);
	const struct context_words *target = opaque;

	if (live && is_own(info, sid, live))
		context_entry_write(info->iommu, info, sid, live, target);

	return 0;
}

/**
 * context_entries_install_directory - point a device to its PASID directory
 * @info: the device
 *
 * Replaces a context entry that was copied from the kernel before. Entries that
 * do not exist (see context_entries_alloc()) stay blocked.
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit
 * invalidates.
 */
void context_entries_install_directory(struct device_domain_info *info)
{
	struct pasid_table *dir = info->pasid_table;
	struct context_words target;

	context_entry_make_directory(&target, info, virt_to_phys(dir->table),
				     dir->max_pasid / PASID_TBL_ENTRIES, true);
	context_visit_sids(info, install_directory_one, &target);
}

/**
 * context_await_readers - wait for those who walk tables without changing them
 * @iommu: the unit of an entry that has changed
 *
 * Who walks tables from the root to the end of a page table (debugfs) holds
 * iommu->lock. Nobody is on a way through the old entry after this, and what it
 * led to may go.
 *
 * Context: Not in interrupts. Takes iommu->lock.
 */
void context_await_readers(struct intel_iommu *iommu)
{
	spin_lock(&iommu->lock);
	spin_unlock(&iommu->lock);
}

/**
 * intel_pasid_setup_sm_context - point a device that was probed to its PASID
 *				  directory
 * @dev: the device
 *
 * Context: May sleep. Takes the device's entry_lock and iommu->lock.
 * Return: 0 or -ENOMEM.
 */
int intel_pasid_setup_sm_context(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	int ret;

	ret = context_entries_alloc(info);
	if (ret)
		return ret;

	guard(mutex)(&info->entry_lock);
	context_entries_install_directory(info);
	return 0;
}

/**
 * intel_pasid_teardown_sm_context - take the PASID directory from a device
 * @dev: a device whose PASIDs are all blocked. Its requests without PASID may be
 *       attached to the identity domain: the core does that for those that have
 *       reserved regions.
 *
 * Context: May sleep. Takes the device's entry_lock and iommu->lock.
 */
void intel_pasid_teardown_sm_context(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct context_words blocked = {};

	scoped_guard(mutex, &info->entry_lock) {
		pasid_entry_block(info);
		context_visit_sids(info, install_directory_one, &blocked);
	}

	context_await_readers(info->iommu);
}
