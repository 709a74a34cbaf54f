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
 * iommu->lock         the allocation of context tables, and who reads tables
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
#include "context.h"
#include "detour.h"
#include "did.h"
#include "pasid.h"
#include "page_request.h"

/*
 * One change of domain on its way through prepare, install and commit
 *
 * @domain: the new domain
 * @ids: the attachment that ends, NULL if nothing tagged was attached, and the
 *       one that begins, NULL if @domain is not tagged
 * @entry: scalable mode: the live PASID entry; NULL blocks for want of a table
 * @target: what @entry shall become, but for control bits
 * @detour: how it gets there
 */
struct attach {
	struct device_domain_info *info;
	ioasid_t pasid;
	struct iommu_domain *domain;
	struct did_change ids;
	struct pasid_entry *entry;
	struct pasid_entry target;
	struct detour detour;
};

static bool is_paging(struct iommu_domain *domain)
{
	return domain->type & __IOMMU_DOMAIN_PAGING;
}

/*
 * Records
 */

/* The old record's place is the new one's. */
static bool needs_place(struct attach *at)
{
	return at->pasid != IOMMU_NO_PASID && !at->ids.from;
}

static struct dev_pasid_info *make_record(struct attach *at)
{
	struct dev_pasid_info *ap = kmalloc_obj(*ap);

	if (!ap)
		return NULL;

	*ap = (struct dev_pasid_info){
		.dev = at->info->dev,
		.pasid = at->pasid,
		.domain = to_dmar_domain(at->domain),
	};

	/* So that commit has a place for it without memory */
	if (needs_place(at) &&
	    xa_reserve(&at->info->attachments, at->pasid, GFP_KERNEL)) {
		kfree(ap);
		return NULL;
	}
	return ap;
}

static void drop_record(struct attach *at)
{
	if (needs_place(at))
		xa_release(&at->info->attachments, at->pasid);
	kfree(at->ids.to);
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

	guard(spinlock)(&owner->lock);
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

static int prepare_domain(struct attach *at)
{
	int ret;

	if (!domain_is_tagged(at->domain))
		return 0;

	at->ids.to = make_record(at);
	if (!at->ids.to)
		return -ENOMEM;

	ret = did_enter(&at->ids, at->info->iommu);
	if (ret)
		goto err_record;

	ret = cache_tags_assign(at->ids.to, at->ids.to->did);
	if (ret)
		goto err_did;

	ret = link_record(at->ids.to);
	if (ret)
		goto err_tags;
	return 0;

err_tags:
	cache_tags_unassign(at->ids.to, at->ids.to->did);
err_did:
	did_undo(&at->ids, at->info->iommu);
err_record:
	drop_record(at);
	return ret;
}

static void undo_domain(struct attach *at)
{
	if (!at->ids.to)
		return;

	unlink_record(at->ids.to);
	cache_tags_unassign(at->ids.to, at->ids.to->did);
	did_undo(&at->ids, at->info->iommu);
	drop_record(at);
}

/* What tags translations by way of the new entry */
static u16 did_of(struct attach *at)
{
	return at->ids.to ? at->ids.to->did : FLPT_DEFAULT_DID;
}

static int prepare_pasid_entry(struct attach *at)
{
	at->entry = pasid_entry_prepare(at->info, at->pasid, at->domain,
					did_of(at), &at->target);
	if (!at->entry)
		return at->domain->type == IOMMU_DOMAIN_BLOCKED ? 0 : -ENOMEM;

	at->detour.ids = &at->ids;
	if (at->ids.from && at->ids.to)
		detour_prepare(&at->detour, at->entry, &at->target);
	return 0;
}

/* Find the entries that install will write, and make those that are missing. */
static int prepare_entries(struct attach *at)
{
	struct device_domain_info *info = at->info;
	int ret = 0;

	if (dev_is_real_dma_subdevice(info->dev))
		return 0;

	/* What is attached has entries already. */
	if (!at->ids.from && at->domain->type != IOMMU_DOMAIN_BLOCKED &&
	    (!sm_supported(info->iommu) ||
	     context_copied(info->iommu, info->bus, info->devfn)))
		ret = context_entries_alloc(info);
	if (!ret && sm_supported(info->iommu))
		ret = prepare_pasid_entry(at);

	return ret;
}

/* In legacy mode only a paging domain's entry serves ATS. */
static bool serves_ats(struct attach *at)
{
	return sm_supported(at->info->iommu) || is_paging(at->domain);
}

static int attach_prepare(struct attach *at)
{
	int ret;

	ret = iopf_for_domain_set(at->domain, at->info->dev);
	if (ret)
		return ret;

	ret = prepare_domain(at);
	if (ret)
		goto err_iopf;

	ret = prepare_entries(at);
	if (ret)
		goto err_domain;

	/* The last thing, as it is not to be undone. */
	if (!serves_ats(at))
		iommu_disable_pci_ats(at->info);
	return 0;

err_domain:
	undo_domain(at);
err_iopf:
	iopf_for_domain_remove(at->domain, at->info->dev);
	return ret;
}

/*
 * Install
 */

static void install_pasid_entry(struct attach *at)
{
	struct dev_pasid_info *to = at->ids.to;
	struct device_domain_info *info = at->info;
	struct pasid_change change = {
		.info = info,
		.pasid = at->pasid,
		.live = at->entry,
		.new_did_shared = !to || !did_is_exclusive(to->unit),
	};

	if (at->detour.did)
		detour_install(&at->detour, &change, &at->target, to->domain);
	else if (at->entry)
		pasid_entry_install(&change, &at->target,
				    to ? to->domain : NULL);

	/*
	 * The context entry still points to the tables of a crashed kernel.
	 * With the new entry in place behind it, or none, it can now point to
	 * ours.
	 */
	if (context_copied(info->iommu, info->bus, info->devfn))
		context_entries_install_directory(info);
}

static void attach_install(struct attach *at)
{
	struct device_domain_info *info = at->info;

	guard(mutex)(&info->entry_lock);
	if (at->ids.from)
		WRITE_ONCE(at->ids.from->live, false);
	if (!dev_is_real_dma_subdevice(info->dev)) {
		if (sm_supported(info->iommu))
			install_pasid_entry(at);
		else
			context_entries_install(info, at->domain, did_of(at));
	}
	if (at->ids.to)
		WRITE_ONCE(at->ids.to->live, true);
}

/*
 * Commit
 */

/* The reserved place is there: this needs no memory. */
static void set_attachment(struct device_domain_info *info, ioasid_t pasid,
			   struct dev_pasid_info *ap)
{
	xa_lock(&info->attachments);
	if (pasid == IOMMU_NO_PASID)
		info->attachment = ap;
	else if (ap)
		__xa_store(&info->attachments, pasid, ap, GFP_ATOMIC);
	else
		__xa_erase(&info->attachments, pasid);
	xa_unlock(&info->attachments);
}

static void commit_record(struct attach *at)
{
	struct device_domain_info *info = at->info;
	struct dev_pasid_info *from = at->ids.from, *to = at->ids.to;

	set_attachment(info, at->pasid, to);
	if (from)
		unlink_record(from);

	if (at->pasid == IOMMU_NO_PASID) {
		info->domain = to ? to->domain : NULL;
		return;
	}
	if (from)
		intel_iommu_debugfs_remove_dev_pasid(from);
	if (to && is_paging(at->domain))
		intel_iommu_debugfs_create_dev_pasid(to);
}

static void attach_commit(struct attach *at)
{
	struct device_domain_info *info = at->info;
	struct dev_pasid_info *from = at->ids.from;

	/* Page requests of the old domain end before its handler goes. */
	if (at->entry && from && from->domain->domain.iopf_handler)
		page_requests_drain(from);

	commit_record(at);
	if (!sm_supported(info->iommu) && serves_ats(at) &&
	    !dev_is_real_dma_subdevice(info->dev))
		iommu_enable_pci_ats(info);

	if (at->detour.did)
		detour_commit(&at->detour);
	if (from) {
		iopf_for_domain_remove(&from->domain->domain, info->dev);
		cache_tags_unassign(from, from->did);
		context_await_readers(info->iommu);
	}
	if (from || at->ids.to)
		did_leave(&at->ids, info->iommu);
	kfree(from);
}

/**
 * attach_domain - translate a device's requests through a domain
 * @info: the device
 * @pasid: the PASID of the requests, %IOMMU_NO_PASID for those without
 * @domain: the domain, of any type; may be attached here
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
		.ids.from = attachment_of(info, pasid),
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
