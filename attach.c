// SPDX-License-Identifier: GPL-2.0
/*
 * The attach path
 *
 * There is one, for requests with and without PASID, for every type of domain
 * and for legacy and scalable mode. It has three steps:
 *
 * prepare: everything that can fail. Afterwards both the old and the new
 *          domain have an id, cache tags and this attachment on their lists,
 *          so that a change of either reaches whatever may be cached, and
 *          whatever entry is live. If it fails, nothing has changed.
 * install: move the live entries to the new domain. Cannot fail.
 * commit:  hardware uses the old domain no more; let go of it.
 *
 * Blocking a device is attaching the blocked domain, which has no part that
 * can fail.
 *
 * Locks, in the order in which they are taken:
 *
 * group mutex         of the iommu core: one attachment of a device at a time
 * iommu->did_lock     domain ids and records of a unit; for moments, see did.c
 * info->entry_lock    entries of a device, see pasid.c and context.c
 * domain->lock        the list of attachments
 * domain->cache_lock  cache tags, and units that a domain is attached to
 * iommu->lock         the allocation of context tables
 *
 * Only entry_lock and cache_lock are held while a unit or a device is to
 * answer. Neither is one that another device in another domain needs.
 */

#define pr_fmt(fmt)	"DMAR: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "ats.h"
#include "attach.h"
#include "cache.h"
#include "detour.h"
#include "did.h"
#include "pasid.h"

/*
 * One change of domain on its way through prepare, install and commit
 *
 * @domain: the new domain
 * @from: the attachment that ends, NULL if nothing tagged was attached
 * @to: the one that begins, NULL if @domain is not tagged
 * @handed_down: @to has the id of @from
 * @entry: scalable mode: the live PASID entry; NULL blocks for want of a table
 * @target: what @entry shall become, but for control bits
 * @detour: how it gets there
 */
struct attach {
	struct device_domain_info *info;
	ioasid_t pasid;
	struct iommu_domain *domain;
	struct dev_pasid_info *from;
	struct dev_pasid_info *to;
	bool handed_down;
	struct pasid_entry *entry;
	struct pasid_entry target;
	struct detour detour;
};

static bool is_paging(struct iommu_domain *domain)
{
	return domain->type & __IOMMU_DOMAIN_PAGING;
}

static int paging_check(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	return intel_domain_is_fs_paging(domain) ?
		paging_domain_compatible_first_stage(domain, iommu) :
		paging_domain_compatible_second_stage(domain, iommu);
}

static int nested_check(struct dmar_domain *domain, struct device *dev,
			struct intel_iommu *iommu)
{
	const struct iommu_hwpt_vtd_s1 *s1 = &domain->s1_cfg;
	const char *missing = NULL;
	int ret;

	ret = paging_check(domain->s2_domain, iommu);
	if (ret) {
		dev_err_ratelimited(dev, "parent of nested domain does not fit %s\n",
				    iommu->name);
		return ret;
	}

	if (s1->addr_width != ADDR_WIDTH_4LEVEL &&
	    s1->addr_width != ADDR_WIDTH_5LEVEL) {
		dev_err_ratelimited(dev, "nested domain: invalid address width %u\n",
				    s1->addr_width);
		return -EINVAL;
	}

	if (s1->addr_width == ADDR_WIDTH_5LEVEL &&
	    !cap_fl5lp_support(iommu->cap))
		missing = "5-level paging";
	else if ((s1->flags & IOMMU_VTD_S1_SRE) && !ecap_srs(iommu->ecap))
		missing = "supervisor requests";
	else if ((s1->flags & IOMMU_VTD_S1_EAFE) && !ecap_eafs(iommu->ecap))
		missing = "extended access flags";
	if (!missing)
		return 0;

	dev_err_ratelimited(dev, "nested domain: %s has no %s\n", iommu->name,
			    missing);
	return -EINVAL;
}

static int pasid_check(struct device_domain_info *info)
{
	if (!pasid_supported(info->iommu) ||
	    dev_is_real_dma_subdevice(info->dev))
		return -EOPNOTSUPP;
	if (context_copied(info->iommu, info->bus, info->devfn))
		return -EBUSY;

	return 0;
}

/* May this domain be attached here at all? */
static int attach_check(struct attach *at)
{
	struct device_domain_info *info = at->info;
	int ret;

	if (at->domain->type == IOMMU_DOMAIN_BLOCKED)
		return 0;

	if (intel_liveupdate_is_preserved(info)) {
		dev_err_ratelimited(info->dev, "is preserved for a live update, and stays attached as it is\n");
		return -EBUSY;
	}

	ret = at->pasid == IOMMU_NO_PASID ? 0 : pasid_check(info);
	if (ret)
		return ret;

	switch (at->domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		return 0;
	case IOMMU_DOMAIN_SVA:
		return intel_iommu_sva_supported(info->dev);
	case IOMMU_DOMAIN_NESTED:
		return nested_check(to_dmar_domain(at->domain), info->dev,
				    info->iommu);
	default:
		if (WARN_ON_ONCE(!is_paging(at->domain)))
			return -EINVAL;
		return paging_check(to_dmar_domain(at->domain), info->iommu);
	}
}

/* Find the entries that install will write, and make those that are missing. */
static int prepare_entries(struct attach *at)
{
	struct device_domain_info *info = at->info;

	if (dev_is_real_dma_subdevice(info->dev))
		return 0;

	if (at->domain->type == IOMMU_DOMAIN_BLOCKED) {
		at->entry = pasid_entry_lookup(info, at->pasid);
		return 0;
	}

	if (!sm_supported(info->iommu))
		return context_entries_alloc(info);

	at->entry = pasid_entry_alloc(info, at->pasid);
	if (!at->entry)
		return -ENOMEM;

	return context_copied(info->iommu, info->bus, info->devfn) ?
		context_entries_alloc(info) : 0;
}

/*
 * Records
 */

static struct dev_pasid_info *make_record(struct attach *at)
{
	struct dev_pasid_info *ap = kzalloc_obj(*ap);

	if (!ap)
		return NULL;

	ap->dev = at->info->dev;
	ap->pasid = at->pasid;
	ap->domain = to_dmar_domain(at->domain);

	/* So that commit has a place for it without memory */
	if (xa_reserve(&at->info->attachments, at->pasid, GFP_KERNEL)) {
		kfree(ap);
		return NULL;
	}
	return ap;
}

static void drop_record(struct attach *at)
{
	xa_release(&at->info->attachments, at->pasid);
	kfree(at->to);
}

/*
 * What may change of a domain while it is attached is the parent's if it is
 * nested. So is the attachment.
 */
static struct dmar_domain *list_owner(const struct dev_pasid_info *ap)
{
	return ap->parent_unit ? ap->domain->s2_domain : ap->domain;
}

/* From here on whoever forces snooping sees that a unit cannot do it. */
static int link_record(struct dev_pasid_info *ap)
{
	struct dmar_domain *owner = list_owner(ap);

	guard(spinlock_irqsave)(&owner->lock);
	if (owner->force_snooping && !ecap_sc_support(ap->unit->did.iommu->ecap))
		return -EINVAL;

	list_add(&ap->link_domain, &owner->dev_pasids);
	return 0;
}

/* Who visits a record goes on from its place on the list. */
static void unlink_record(struct dev_pasid_info *ap)
{
	struct dmar_domain *owner = list_owner(ap);

	guard(spinlock)(&owner->lock);
	wait_var_event_spinlock(&ap->visitors, !ap->visitors, &owner->lock);
	list_del(&ap->link_domain);
}

/*
 * Prepare
 */

/* Let the new domain take over the id of the old one, or give it one. */
static int get_did(struct attach *at)
{
	struct domain_unit *from = at->from ? at->from->unit : NULL;
	struct domain_unit *to = at->to->unit;

	at->handed_down = did_is_exclusive(from) && from != to &&
			  !to->did.refcnt &&
			  did_suits(at->from->domain, at->to->domain);
	if (!at->handed_down)
		return did_get(at->to->domain, to);

	/* The entry still translates by the old domain under this id. */
	did_hand_down(from, to);
	did_set_in_transit(from, true);
	did_set_in_transit(to, true);
	return 0;
}

static void put_did(struct attach *at)
{
	if (at->handed_down)
		did_hand_down(at->to->unit, at->from->unit);
	else
		did_put(at->to->unit);
}

static int get_units(struct dev_pasid_info *ap, struct intel_iommu *iommu)
{
	ap->unit = domain_unit_get(ap->domain, iommu);
	if (!ap->unit)
		return -ENOMEM;
	if (ap->domain->domain.type != IOMMU_DOMAIN_NESTED)
		return 0;

	ap->parent_unit = domain_unit_get(ap->domain->s2_domain, iommu);
	if (ap->parent_unit)
		return 0;

	domain_unit_put(ap->domain, ap->unit);
	return -ENOMEM;
}

static void put_units(struct dev_pasid_info *ap)
{
	if (ap->parent_unit)
		domain_unit_put(ap->domain->s2_domain, ap->parent_unit);
	domain_unit_put(ap->domain, ap->unit);
}

/* Nobody relies any more on having an id of this change for itself. */
static void settle_dids(struct attach *at)
{
	if (at->from)
		did_set_in_transit(at->from->unit, false);
	if (at->to)
		did_set_in_transit(at->to->unit, false);
}

static int prepare_did(struct attach *at)
{
	struct intel_iommu *iommu = at->info->iommu;
	int ret;

	guard(mutex)(&iommu->did_lock);
	did_wait(at->to->domain, iommu);
	ret = get_units(at->to, iommu);
	if (ret)
		return ret;

	ret = get_did(at);
	if (ret)
		put_units(at->to);
	else
		at->to->did = at->to->unit->did.did;
	return ret;
}

static void undo_did(struct attach *at)
{
	guard(mutex)(&at->info->iommu->did_lock);
	put_did(at);
	settle_dids(at);
	put_units(at->to);
}

static int prepare_domain(struct attach *at)
{
	int ret;

	if (!domain_is_tagged(at->domain))
		return 0;

	at->to = make_record(at);
	if (!at->to)
		return -ENOMEM;

	ret = prepare_did(at);
	if (ret)
		goto err_record;

	ret = cache_tags_assign(at->to, at->to->did);
	if (ret)
		goto err_did;

	ret = link_record(at->to);
	if (ret)
		goto err_tags;
	return 0;

err_tags:
	cache_tags_unassign(at->to, at->to->did);
err_did:
	undo_did(at);
err_record:
	drop_record(at);
	return ret;
}

static void prepare_target(struct attach *at)
{
	u16 did = at->to ? at->to->did : FLPT_DEFAULT_DID;

	if (!at->entry)
		return;

	pasid_entry_make(at->info->iommu, &at->target, at->domain, did);
	at->detour.from = at->from;
	at->detour.to = at->to;
	detour_prepare(&at->detour, at->entry, &at->target);
}

/* In legacy mode only a paging domain's entry serves ATS. */
static bool serves_ats(struct attach *at)
{
	return sm_supported(at->info->iommu) || is_paging(at->domain);
}

static int attach_prepare(struct attach *at)
{
	int ret;

	ret = attach_check(at);
	if (ret)
		return ret;

	ret = prepare_entries(at);
	if (ret)
		return ret;

	ret = iopf_for_domain_set(at->domain, at->info->dev);
	if (ret)
		return ret;

	ret = prepare_domain(at);
	if (ret) {
		iopf_for_domain_remove(at->domain, at->info->dev);
		return ret;
	}

	prepare_target(at);
	/* The last thing, as it is not to be undone. */
	if (!serves_ats(at))
		iommu_disable_pci_ats(at->info);
	return 0;
}

/*
 * Install
 */

static void install_pasid_entry(struct attach *at)
{
	struct device_domain_info *info = at->info;
	struct pasid_change change;

	if (!at->entry)
		return;

	if (at->to)
		pasid_entry_set_control(&at->target, at->to->domain);
	pasid_change_begin(&change, info, at->pasid, at->entry);
	change.new_did_shared = at->to && !did_is_exclusive(at->to->unit);
	detour_install(&at->detour, &change, &at->target);

	/*
	 * The context entry still points to the tables of a crashed kernel.
	 * With the new entry in place behind it, it can now point to ours.
	 */
	if (context_copied(info->iommu, info->bus, info->devfn))
		intel_pasid_setup_sm_context(info->dev);
}

static void attach_install(struct attach *at)
{
	struct device_domain_info *info = at->info;

	guard(mutex)(&info->entry_lock);
	if (at->from)
		at->from->live = false;
	if (!dev_is_real_dma_subdevice(info->dev)) {
		if (sm_supported(info->iommu))
			install_pasid_entry(at);
		else
			context_entries_install(info, at->domain);
	}
	if (at->to)
		at->to->live = true;
}

/*
 * Commit
 */

/* The reserved place is there: none of this needs memory. */
static void commit_record(struct attach *at)
{
	struct device_domain_info *info = at->info;

	if (at->to)
		xa_store(&info->attachments, at->pasid, at->to, GFP_KERNEL);
	else
		xa_erase(&info->attachments, at->pasid);

	if (at->pasid == IOMMU_NO_PASID)
		info->domain = at->to ? at->to->domain : NULL;
	else if (at->to && is_paging(at->domain))
		intel_iommu_debugfs_create_dev_pasid(at->to);

	if (!at->from)
		return;
	unlink_record(at->from);
	if (at->pasid != IOMMU_NO_PASID)
		intel_iommu_debugfs_remove_dev_pasid(at->from);
}

static void put_from(struct attach *at)
{
	struct dev_pasid_info *from = at->from;

	iopf_for_domain_remove(&from->domain->domain, at->info->dev);
	cache_tags_unassign(from, from->did);

	scoped_guard(mutex, &at->info->iommu->did_lock) {
		if (!at->handed_down)
			did_put(from->unit);
		put_units(from);
	}
	kfree(from);
}

static void attach_commit(struct attach *at)
{
	struct device_domain_info *info = at->info;

	scoped_guard(mutex, &info->iommu->did_lock)
		settle_dids(at);

	/* Page requests of the old domain end before its handler goes. */
	if (at->entry && at->from && at->from->domain->domain.iopf_handler)
		intel_iommu_drain_pasid_prq(info->dev, at->pasid);

	commit_record(at);
	if (!sm_supported(info->iommu) && serves_ats(at) &&
	    !dev_is_real_dma_subdevice(info->dev))
		iommu_enable_pci_ats(info);

	detour_commit(&at->detour);
	if (at->from)
		put_from(at);
}

/**
 * attach_domain - translate a device's requests through a domain
 * @info: the device
 * @pasid: the PASID of the requests, %IOMMU_NO_PASID for those without
 * @domain: the domain, of any type
 *
 * What was attached before the driver's own record tells: after a crash that is
 * nothing, although the core has assigned a domain.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the requests translated as before. Never
 * fails for the blocked domain.
 */
int attach_domain(struct device_domain_info *info, ioasid_t pasid,
		  struct iommu_domain *domain)
{
	struct attach at = {
		.info = info,
		.pasid = pasid,
		.domain = domain,
		.from = xa_load(&info->attachments, pasid),
	};
	int ret;

	ret = attach_prepare(&at);
	if (ret)
		return ret;

	attach_install(&at);
	attach_commit(&at);
	return 0;
}

static struct dev_pasid_info *visit_next(struct dmar_domain *domain,
					 struct dev_pasid_info *ap)
{
	struct list_head *at = ap ? &ap->link_domain : &domain->dev_pasids;
	struct dev_pasid_info *next = NULL;

	guard(spinlock)(&domain->lock);
	if (!list_is_last(at, &domain->dev_pasids)) {
		next = list_entry(at->next, struct dev_pasid_info, link_domain);
		next->visitors++;
	}
	if (ap && !--ap->visitors)
		wake_up_var_locked(&ap->visitors, &domain->lock);
	return next;
}

/**
 * attachments_visit - call a function for all attachments of a domain
 * @domain: the domain
 * @visit: the function; may sleep
 *
 * No lock of the domain is held meanwhile, so that it may wait for a device.
 * One that is attached meanwhile may be passed over, and one that is detached
 * waits for the visitor.
 *
 * Context: May sleep. Takes domain->lock.
 */
void attachments_visit(struct dmar_domain *domain,
		       void (*visit)(struct dev_pasid_info *ap))
{
	struct dev_pasid_info *ap = NULL;

	while ((ap = visit_next(domain, ap)))
		visit(ap);
}
