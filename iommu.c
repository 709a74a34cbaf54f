// SPDX-License-Identifier: GPL-2.0
/*
 * The attach path
 *
 * There is one, for requests with and without PASID, for every type of domain
 * and for legacy and scalable mode. It has three steps:
 *
 * prepare: everything that can fail. Afterwards both the old and the new
 *          domain have a DID and cache tags, so that a change of either is
 *          invalidated wherever it may be cached. If it fails, nothing has
 *          changed.
 * install: move the live entries to the new domain. Cannot fail.
 * commit:  hardware uses the old domain no more; let go of it.
 *
 * Blocking a device is attaching the blocked domain, which has no part that
 * can fail.
 *
 * The group mutex of the iommu core keeps other attachments of the device
 * away. iommu->did_lock is held from the choice of domain ids until the entry
 * has moved, so that nobody comes to share an id on the way. What is on a
 * domain's lists is under the domain's locks; iommu->lock covers entries, see
 * pasid.c. Lock order: iommu->did_lock, domain->lock, iommu->lock.
 */

#define pr_fmt(fmt)	"DMAR: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "iommu.h"
#include "pasid.h"

/*
 * One attachment on its way through prepare, install and commit
 *
 * @old: the domain that holds a DID, cache tags and IOPF for @pasid, or NULL
 * @entry: scalable mode: the live PASID entry; NULL blocks for want of a table
 * @dev_pasid: the new domain's record of @pasid, unless that is the RID's
 * @old_did: what tags the old domain's translations; it may lose the id while
 *           its tags still bear it
 * @handed_down: the new domain has taken over @old_did
 * @detour: a DID that the entry has on its way, 0 for none
 * @control: control bits of the new domain from before its entry was built
 */
struct attachment {
	struct device_domain_info *info;
	ioasid_t pasid;
	struct iommu_domain *old;
	struct iommu_domain *new;
	struct pasid_entry *entry;
	struct dev_pasid_info *dev_pasid;
	u16 old_did;
	bool handed_down;
	u16 detour;
	u8 control;
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

/* May this domain be attached here at all? */
static int attach_check(struct attachment *at)
{
	struct device_domain_info *info = at->info;
	struct intel_iommu *iommu = info->iommu;

	if (at->new->type == IOMMU_DOMAIN_BLOCKED)
		return 0;

	if (intel_liveupdate_is_preserved(info)) {
		dev_err_ratelimited(info->dev, "is preserved for a live update, and stays attached as it is\n");
		return -EBUSY;
	}

	if (at->pasid != IOMMU_NO_PASID) {
		if (!pasid_supported(iommu) ||
		    dev_is_real_dma_subdevice(info->dev))
			return -EOPNOTSUPP;
		if (context_copied(iommu, info->bus, info->devfn))
			return -EBUSY;
	}

	switch (at->new->type) {
	case IOMMU_DOMAIN_IDENTITY:
		return 0;
	case IOMMU_DOMAIN_SVA:
		return intel_iommu_sva_supported(info->dev);
	case IOMMU_DOMAIN_NESTED:
		return nested_check(to_dmar_domain(at->new), info->dev, iommu);
	default:
		if (WARN_ON_ONCE(!is_paging(at->new)))
			return -EINVAL;
		return paging_check(to_dmar_domain(at->new), iommu);
	}
}

/* Find the entries that install will write, and make those that are missing. */
static int attach_prepare_entries(struct attachment *at)
{
	struct device_domain_info *info = at->info;

	if (dev_is_real_dma_subdevice(info->dev))
		return 0;

	if (at->new->type == IOMMU_DOMAIN_BLOCKED) {
		at->entry = pasid_entry_lookup(info, at->pasid);
		return 0;
	}

	if (sm_supported(info->iommu)) {
		at->entry = pasid_entry_alloc(info, at->pasid);
		if (!at->entry)
			return -ENOMEM;
	}

	if (sm_supported(info->iommu) &&
	    !context_copied(info->iommu, info->bus, info->devfn))
		return 0;

	return context_entries_alloc(info);
}

static int attach_prepare_did(struct attachment *at)
{
	struct intel_iommu *iommu = at->info->iommu;

	at->handed_down = domain_hand_down_did(at->old, at->new, iommu);
	if (at->handed_down)
		return 0;

	return domain_attach_iommu(to_dmar_domain(at->new), iommu);
}

static void attach_undo_did(struct attachment *at)
{
	struct intel_iommu *iommu = at->info->iommu;

	if (at->handed_down)
		domain_hand_down_did(at->new, at->old, iommu);
	else
		domain_detach_iommu(to_dmar_domain(at->new), iommu);
}

static int attach_prepare_domain(struct attachment *at)
{
	struct dmar_domain *domain = to_dmar_domain(at->new);
	struct device_domain_info *info = at->info;
	int ret;

	if (!domain_has_cache_tags(at->new))
		return 0;

	if (at->pasid != IOMMU_NO_PASID) {
		at->dev_pasid = kzalloc_obj(*at->dev_pasid);
		if (!at->dev_pasid)
			return -ENOMEM;
		at->dev_pasid->dev = info->dev;
		at->dev_pasid->pasid = at->pasid;
	}

	ret = attach_prepare_did(at);
	if (ret)
		goto err_free;

	ret = cache_tags_assign(domain, iommu_domain_did(at->new, info->iommu),
				info->dev, at->pasid);
	if (ret)
		goto err_did;

	if (at->dev_pasid) {
		guard(spinlock_irqsave)(&domain->lock);
		list_add(&at->dev_pasid->link_domain, &domain->dev_pasids);
	}
	return 0;

err_did:
	attach_undo_did(at);
err_free:
	kfree(at->dev_pasid);
	return ret;
}

/* Both domains are found by what they have cached with the detour's DID. */
static int detour_assign(struct attachment *at, struct iommu_domain *domain)
{
	if (!domain_has_cache_tags(domain))
		return 0;

	return cache_tags_assign(to_dmar_domain(domain), at->detour,
				 at->info->dev, at->pasid);
}

static void detour_unassign(struct attachment *at, struct iommu_domain *domain)
{
	if (domain_has_cache_tags(domain))
		cache_tags_unassign(to_dmar_domain(domain), at->detour,
				    at->info->dev, at->pasid);
}

/* One of the domains' DIDs if nobody else has it, or one for the time being */
static int detour_choose(struct attachment *at)
{
	struct intel_iommu *iommu = at->info->iommu;

	if (domain_did_is_exclusive(at->old, iommu))
		return at->old_did;
	if (domain_did_is_exclusive(at->new, iommu))
		return iommu_domain_did(at->new, iommu);

	return did_alloc(iommu);
}

static void detour_free(struct attachment *at)
{
	struct intel_iommu *iommu = at->info->iommu;

	if (at->detour != at->old_did &&
	    at->detour != iommu_domain_did(at->new, iommu))
		did_free(iommu, at->detour);
	at->detour = 0;
}

/*
 * Changing table and DID at once may break where changing one after the other
 * does not. If nothing can be had for that, the change breaks, but does not
 * fail.
 */
static void attach_prepare_detour(struct attachment *at)
{
	int did;

	if (at->handed_down ||
	    !pasid_entry_wants_detour(at->info, at->entry, at->new))
		return;

	did = detour_choose(at);
	if (did < 0)
		return;

	at->detour = did;
	if (detour_assign(at, at->old))
		goto err_free;
	if (detour_assign(at, at->new))
		goto err_unassign;
	return;

err_unassign:
	detour_unassign(at, at->old);
err_free:
	detour_free(at);
}

static void attach_commit_detour(struct attachment *at)
{
	if (!at->detour)
		return;

	detour_unassign(at, at->old);
	detour_unassign(at, at->new);
	detour_free(at);
}

/* In legacy mode only a paging domain's entry serves ATS. */
static bool attach_serves_ats(struct attachment *at)
{
	return sm_supported(at->info->iommu) || is_paging(at->new);
}

static int attach_prepare(struct attachment *at)
{
	int ret;

	ret = attach_check(at);
	if (ret)
		return ret;

	if (domain_has_cache_tags(at->old))
		at->old_did = iommu_domain_did(at->old, at->info->iommu);

	ret = attach_prepare_entries(at);
	if (ret)
		return ret;

	ret = iopf_for_domain_set(at->new, at->info->dev);
	if (ret)
		return ret;

	ret = attach_prepare_domain(at);
	if (ret) {
		iopf_for_domain_remove(at->new, at->info->dev);
		return ret;
	}

	attach_prepare_detour(at);

	/* The last thing, as it is not to be undone. */
	if (!attach_serves_ats(at))
		iommu_disable_pci_ats(at->info);

	return 0;
}

/* What an entry has from its domain besides the page table */
static u8 control_bits(struct iommu_domain *domain)
{
	struct dmar_domain *paging = to_dmar_domain(domain);

	if (domain->type == IOMMU_DOMAIN_NESTED)
		paging = paging->s2_domain;
	else if (!is_paging(domain))
		return 0;

	return paging->dirty_tracking | paging->force_snooping << 1;
}

static void attach_install(struct attachment *at)
{
	struct device_domain_info *info = at->info;

	at->control = control_bits(at->new);

	if (dev_is_real_dma_subdevice(info->dev))
		return;

	if (!sm_supported(info->iommu)) {
		context_entries_install(info, at->new);
		return;
	}

	pasid_entry_install(info, at->pasid, at->entry, at->new, at->detour);

	/*
	 * The context entry still points to the tables of a crashed kernel.
	 * With the new entry in place behind it, it can now point to ours.
	 */
	if (context_copied(info->iommu, info->bus, info->devfn))
		intel_pasid_setup_sm_context(info->dev);
}

static void drop_dev_pasid(struct dmar_domain *domain, struct attachment *at)
{
	struct dev_pasid_info *dev_pasid, *found = NULL;

	scoped_guard(spinlock_irqsave, &domain->lock) {
		list_for_each_entry(dev_pasid, &domain->dev_pasids, link_domain) {
			/* Re-attached, the domain has a new record, too. */
			if (dev_pasid != at->dev_pasid &&
			    dev_pasid->dev == at->info->dev &&
			    dev_pasid->pasid == at->pasid) {
				list_del(&dev_pasid->link_domain);
				found = dev_pasid;
				break;
			}
		}
	}
	if (WARN_ON_ONCE(!found))
		return;

	intel_iommu_debugfs_remove_dev_pasid(found);
	kfree(found);
}

/*
 * Put the device on its new domain's list. Control bits of the domain may have
 * changed since the entry was built from them, and whoever changed them did
 * not find the device on the list.
 */
static void attach_commit_links(struct attachment *at)
{
	struct device_domain_info *info = at->info;
	struct dmar_domain *domain = to_dmar_domain(at->new);

	if (domain_has_cache_tags(at->old)) {
		if (at->pasid == IOMMU_NO_PASID) {
			guard(spinlock_irqsave)(&to_dmar_domain(at->old)->lock);
			list_del(&info->link);
		} else {
			drop_dev_pasid(to_dmar_domain(at->old), at);
		}
	}

	if (at->pasid == IOMMU_NO_PASID)
		info->domain = NULL;
	if (!domain_has_cache_tags(at->new))
		return;

	if (at->pasid != IOMMU_NO_PASID) {
		if (is_paging(at->new))
			intel_iommu_debugfs_create_dev_pasid(at->dev_pasid);
		return;
	}

	info->domain = domain;
	guard(spinlock_irqsave)(&domain->lock);
	list_add(&info->link, &domain->devices);
	if (control_bits(at->new) != at->control)
		pasid_entry_refresh(info, at->pasid, domain);
}

static void attach_commit(struct attachment *at)
{
	struct device_domain_info *info = at->info;
	struct iommu_domain *old = at->old;
	struct qi_batch batch;

	if (!sm_supported(info->iommu) && attach_serves_ats(at) &&
	    !info->ats_enabled && dev_is_pci(info->dev) &&
	    !dev_is_real_dma_subdevice(info->dev)) {
		/*
		 * An unmap that came before ats_enabled was set passed over
		 * the ATC.
		 */
		iommu_enable_pci_ats(info);
		inv_init(&batch);
		inv_devtlb(&batch, info, at->pasid);
		inv_submit(&batch, info->iommu);
	}

	/* Page requests of the old domain end before its handler goes. */
	if (at->entry && old && old->iopf_handler)
		intel_iommu_drain_pasid_prq(info->dev, at->pasid);

	attach_commit_links(at);

	iopf_for_domain_remove(old, info->dev);
	attach_commit_detour(at);
	if (!domain_has_cache_tags(old))
		return;

	cache_tags_unassign(to_dmar_domain(old), at->old_did, info->dev,
			    at->pasid);
	if (at->handed_down)
		return;

	guard(mutex)(&info->iommu->did_lock);
	domain_detach_iommu(to_dmar_domain(old), info->iommu);
}

static int attach(struct attachment *at)
{
	int ret;

	scoped_guard(mutex, &at->info->iommu->did_lock) {
		ret = attach_prepare(at);
		if (ret)
			return ret;
		attach_install(at);
	}
	attach_commit(at);
	return 0;
}

/**
 * intel_iommu_attach_device - translate a device's requests without PASID
 *			    through a domain
 * @domain: the domain, of any type
 * @dev: the device
 * @old: what the iommu core says was attached. The driver goes by its own
 *       record: after a crash nothing is attached although the core has
 *       assigned a domain.
 *
 * &iommu_domain_ops.attach_dev of all domains. A device that was retrieved
 * after a live update is not blocked before it was attached for the first time.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the device translating as before. Never
 * fails for the blocked domain.
 */
int intel_iommu_attach_device(struct iommu_domain *domain, struct device *dev,
			   struct iommu_domain *old)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct attachment at = {
		.info = info,
		.pasid = IOMMU_NO_PASID,
		.old = info->domain ? &info->domain->domain : NULL,
		.new = domain,
	};

	if (domain->type == IOMMU_DOMAIN_BLOCKED &&
	    intel_liveupdate_is_claimed(info))
		return 0;

	return attach(&at);
}

/**
 * intel_iommu_set_dev_pasid - translate a PASID's requests through a domain
 * @domain: the domain, of any type
 * @dev: the device
 * @pasid: its PASID, not %IOMMU_NO_PASID
 * @old: the domain that was attached to @pasid, or NULL
 *
 * &iommu_domain_ops.set_dev_pasid of all domains.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the PASID translating as before. Never
 * fails for the blocked domain.
 */
int intel_iommu_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old)
{
	struct attachment at = {
		.info = dev_iommu_priv_get(dev),
		.pasid = pasid,
		.old = old,
		.new = domain,
	};

	return attach(&at);
}

/* Bring control bits into the entries of all that a domain is attached to. */
static void refresh_entries(struct dmar_domain *domain)
{
	struct device_domain_info *info;
	struct dev_pasid_info *dev_pasid;

	lockdep_assert_held(&domain->lock);
	list_for_each_entry(info, &domain->devices, link)
		pasid_entry_refresh(info, IOMMU_NO_PASID, domain);

	list_for_each_entry(dev_pasid, &domain->dev_pasids, link_domain)
		pasid_entry_refresh(dev_iommu_priv_get(dev_pasid->dev),
				    dev_pasid->pasid, domain);
}

/**
 * intel_iommu_set_dirty_tracking - let hardware record writes, or cease to
 * @domain: a second-stage domain that was allocated for it
 * @enable: which
 *
 * &iommu_dirty_ops.set_dirty_tracking. Also covers the domains nested on it.
 * An attachment under way either builds its entry with the new setting, as
 * that is stored first, or is found on the list.
 *
 * Context: Any. Takes domain->lock and iommu->lock.
 * Return: 0; it cannot fail.
 */
int intel_iommu_set_dirty_tracking(struct iommu_domain *domain, bool enable)
{
	struct dmar_domain *parent = to_dmar_domain(domain), *nested;

	guard(spinlock_irqsave)(&parent->lock);
	if (parent->dirty_tracking == enable)
		return 0;

	parent->dirty_tracking = enable;
	refresh_entries(parent);

	if (!parent->nested_parent)
		return 0;

	guard(spinlock)(&parent->s1_lock);
	list_for_each_entry(nested, &parent->s1_domains, s2_link) {
		guard(spinlock)(&nested->lock);
		refresh_entries(nested);
	}
	return 0;
}

/**
 * intel_iommu_enforce_cache_coherency_fs - make all accesses snoop
 * @domain: a first-stage domain
 *
 * &iommu_domain_ops.enforce_cache_coherency.
 *
 * Context: Any. Takes domain->lock and iommu->lock.
 * Return: whether every unit that the domain is attached to can do it.
 */
bool intel_iommu_enforce_cache_coherency_fs(struct iommu_domain *domain)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	guard(spinlock_irqsave)(&dmar_domain->lock);
	if (dmar_domain->force_snooping)
		return true;
	if (!domain_support_force_snooping(dmar_domain))
		return false;

	dmar_domain->force_snooping = true;
	refresh_entries(dmar_domain);
	return true;
}
