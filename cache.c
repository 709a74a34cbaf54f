// SPDX-License-Identifier: GPL-2.0
/*
 * Cache tags, and the invalidation of what they name
 *
 * A cache tag records that a unit, or a device's ATC, may hold translations
 * of a domain. The attach path assigns the tags of the new domain before
 * hardware can use it and drops those of the old one after hardware has ceased
 * to: while a device changes domains, both have tags for it, and an unmap from
 * either reaches all that may be cached.
 *
 * Attachments that cannot be told apart when a domain is flushed share a tag. A
 * unit's second-stage translations are flushed by domain id, its first-stage
 * ones by domain id and PASID, an ATC by PASID.
 *
 * Copyright (C) 2024 Intel Corporation
 *
 * Author: Lu Baolu <baolu.lu@linux.intel.com>
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/iommu.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "cache.h"
#include "did.h"
#include "inval.h"
#include "trace.h"

static bool is_devtlb(enum cache_tag_type type)
{
	return type == CACHE_TAG_DEVTLB || type == CACHE_TAG_NESTING_DEVTLB;
}

static struct cache_tag *tag_of(const struct rb_node *node)
{
	return rb_entry(node, struct cache_tag, node);
}

static int compare_tags(const struct cache_tag *a, const struct cache_tag *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	if (a->pasid != b->pasid)
		return a->pasid < b->pasid ? -1 : 1;
	/* An ATC has no domain ids. */
	if (is_devtlb(a->type))
		return 0;

	return (int)a->domain_id - b->domain_id;
}

static int compare_key(const void *key, const struct rb_node *node)
{
	return compare_tags(key, tag_of(node));
}

static int compare_nodes(struct rb_node *a, const struct rb_node *b)
{
	return compare_tags(tag_of(a), tag_of(b));
}

static struct rb_root *tree_of(struct domain_unit *unit,
			       enum cache_tag_type type)
{
	return is_devtlb(type) ? &unit->devtlb : &unit->iotlb;
}

static bool is_nesting(enum cache_tag_type type)
{
	return type == CACHE_TAG_NESTING_IOTLB ||
	       type == CACHE_TAG_NESTING_DEVTLB;
}

/* A tag of an attachment, and whose it is: the domain's or its parent's */
struct tagging {
	struct dmar_domain *domain;
	struct domain_unit *unit;
	struct cache_tag key;
};

static struct tagging make_tagging(struct dev_pasid_info *ap, u16 did,
				   enum cache_tag_type type)
{
	struct intel_iommu *iommu = ap->unit->did.iommu;
	struct tagging tagging = {
		.domain = ap->domain,
		.unit = ap->unit,
		.key = {
			.type = type,
			.iommu = iommu,
			.dev = is_devtlb(type) ? ap->dev : iommu->iommu.dev,
			.domain_id = did,
			.pasid = ap->pasid,
		},
	};

	if (is_nesting(type)) {
		tagging.domain = ap->domain->s2_domain;
		tagging.unit = ap->parent_unit;
	}
	/* All PASIDs of a second stage are flushed in one go. */
	if (!is_devtlb(type) && intel_domain_is_ss_paging(tagging.domain))
		tagging.key.pasid = IOMMU_NO_PASID;

	return tagging;
}

static struct cache_tag *find_tag(const struct tagging *tagging)
{
	struct rb_node *node;

	node = rb_find(&tagging->key, tree_of(tagging->unit, tagging->key.type),
		       compare_key);

	return node ? tag_of(node) : NULL;
}

/* The tag that the record of the unit has room for, if it is free */
static struct cache_tag *add_first_tag(const struct tagging *tagging)
{
	struct cache_tag *tag = &tagging->unit->first_tag;

	if (tag->users || is_devtlb(tagging->key.type))
		return NULL;

	*tag = tagging->key;
	rb_find_add(&tag->node, &tagging->unit->iotlb, compare_nodes);
	return tag;
}

/* One user more, if there is such a tag, or room for one */
static bool share_tag(const struct tagging *tagging)
{
	struct cache_tag *tag;

	guard(spinlock_irqsave)(&tagging->domain->cache_lock);
	tag = find_tag(tagging) ?: add_first_tag(tagging);
	if (!tag)
		return false;

	tag->users++;
	trace_cache_tag_assign(tag);
	return true;
}

/* Somebody else may have inserted the same tag since share_tag(). */
static void insert_tag(const struct tagging *tagging, struct cache_tag *new)
{
	struct rb_node *found;

	guard(spinlock_irqsave)(&tagging->domain->cache_lock);
	found = rb_find_add(&new->node, tree_of(tagging->unit, new->type),
			    compare_nodes);
	if (found) {
		kfree(new);
		new = tag_of(found);
	}
	new->users++;
	trace_cache_tag_assign(new);
}

static int assign_tag(struct dev_pasid_info *ap, u16 did,
		      enum cache_tag_type type)
{
	struct tagging tagging = make_tagging(ap, did, type);
	struct cache_tag *new;

	if (share_tag(&tagging))
		return 0;

	new = kmemdup(&tagging.key, sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;

	insert_tag(&tagging, new);
	return 0;
}

static void unassign_tag(struct dev_pasid_info *ap, u16 did,
			 enum cache_tag_type type)
{
	struct tagging tagging = make_tagging(ap, did, type);
	struct cache_tag *tag;

	guard(spinlock_irqsave)(&tagging.domain->cache_lock);
	tag = find_tag(&tagging);
	if (WARN_ON_ONCE(!tag))
		return;

	trace_cache_tag_unassign(tag);
	if (--tag->users)
		return;

	rb_erase(&tag->node, tree_of(tagging.unit, type));
	if (tag != &tagging.unit->first_tag)
		kfree(tag);
}

/*
 * A device may get its ATS after it was attached, so its tag is there before; a
 * flush passes over it as long as ATS is off. What is cached for a nested
 * domain depends on its parent too, so that gets tags of its own.
 */
static bool wants_tag(struct dev_pasid_info *ap, enum cache_tag_type type)
{
	struct device_domain_info *info = dev_iommu_priv_get(ap->dev);

	return (!is_devtlb(type) || info->ats_supported) &&
	       (!is_nesting(type) || ap->parent_unit);
}

/**
 * cache_tags_assign - record where translations of an attachment may be cached
 * @ap: the attachment, with its records of the domain and, if that is nested,
 *      of its parent
 * @did: the domain id that tags the translations
 *
 * Tags are counted: each call needs one of cache_tags_unassign().
 *
 * Context: May sleep. Takes the cache_lock of the domain and of its parent.
 * Return: 0, or -ENOMEM with nothing assigned.
 */
int cache_tags_assign(struct dev_pasid_info *ap, u16 did)
{
	enum cache_tag_type type;
	int ret;

	for (type = CACHE_TAG_IOTLB; type <= CACHE_TAG_NESTING_DEVTLB; type++) {
		if (!wants_tag(ap, type))
			continue;
		ret = assign_tag(ap, did, type);
		if (ret)
			goto err;
	}
	return 0;

err:
	while (type--)
		if (wants_tag(ap, type))
			unassign_tag(ap, did, type);
	return ret;
}

/**
 * cache_tags_unassign - undo cache_tags_assign()
 * @ap: the attachment; nothing of it may be cached with @did any more
 * @did: the domain id
 *
 * Context: Any but hard interrupts. Takes the cache_lock of the domain and of
 * its parent.
 */
void cache_tags_unassign(struct dev_pasid_info *ap, u16 did)
{
	enum cache_tag_type type;

	for (type = CACHE_TAG_IOTLB; type <= CACHE_TAG_NESTING_DEVTLB; type++)
		if (wants_tag(ap, type))
			unassign_tag(ap, did, type);
}

/* The smallest aligned power of two that holds @start to @last */
static struct inv_range range_of(unsigned long start, unsigned long last)
{
	unsigned int bits = fls_long(start ^ last);

	if (bits <= VTD_PAGE_SHIFT)
		bits = VTD_PAGE_SHIFT;
	if (bits >= BITS_PER_LONG)
		return INV_EVERYTHING;

	return (struct inv_range){
		.addr = start & GENMASK(BITS_PER_LONG - 1, bits),
		.order = bits - VTD_PAGE_SHIFT,
	};
}

/* Page table changes of a first stage are seen by PASID. */
static void flush_iotlb(struct qi_batch *batch, struct dmar_domain *domain,
			const struct cache_tag *tag, struct inv_range range,
			bool leaf_only)
{
	if (intel_domain_is_ss_paging(domain))
		inv_iotlb_range(batch, tag->iommu, tag->domain_id, range,
				leaf_only);
	else
		inv_piotlb_range(batch, tag->domain_id, tag->pasid, range,
				 leaf_only);
}

/*
 * An ATC knows the addresses that went into the user's first stage. Which of
 * them end in a range of the second stage, nobody can tell.
 */
static void flush_devtlb(struct qi_batch *batch, const struct cache_tag *tag,
			 struct inv_range range)
{
	if (is_nesting(tag->type))
		range = INV_EVERYTHING;
	inv_devtlb_range(batch, dev_iommu_priv_get(tag->dev), tag->pasid, range);
}

/* Inlined, as an unmap of a domain on one unit does little else. */
static __always_inline void
add_flush(struct qi_batch *batch, struct dmar_domain *domain,
	  struct domain_unit *unit, unsigned long start, unsigned long end,
	  bool leaf_only)
{
	struct inv_range range = range_of(start, end);
	struct intel_iommu *iommu = unit->did.iommu;
	struct rb_node *node;

	inv_init(batch);
	for (node = rb_first(&unit->iotlb); node; node = rb_next(node)) {
		inv_make_room(batch, iommu);
		flush_iotlb(batch, domain, tag_of(node), range, leaf_only);
		trace_cache_tag_flush_range(tag_of(node), start, end,
					    range.addr, range.order);
	}

	/* An ATC is refilled from the IOTLB: that must be done. */
	if (!RB_EMPTY_ROOT(&unit->devtlb))
		inv_fence(batch);

	for (node = rb_first(&unit->devtlb); node; node = rb_next(node)) {
		inv_make_room(batch, iommu);
		flush_devtlb(batch, tag_of(node), range);
		trace_cache_tag_flush_range(tag_of(node), start, end,
					    range.addr, range.order);
	}
}

static void flush_unit(struct dmar_domain *domain, struct domain_unit *unit,
		       unsigned long start, unsigned long end, bool leaf_only)
{
	struct qi_batch batch __uninitialized;

	add_flush(&batch, domain, unit, start, end, leaf_only);
	inv_submit(&batch, unit->did.iommu);
}

/* It may take its devices long to answer. */
static bool asks_devices(const struct domain_unit *unit)
{
	return !RB_EMPTY_ROOT(&unit->devtlb);
}

/*
 * Units work at the same time. Not those that ask devices: places in the queues
 * of others are not held for as long as these may take.
 */
static void flush_units(struct dmar_domain *domain, unsigned long start,
			unsigned long end, bool leaf_only)
{
	struct qi_batch batch __uninitialized;
	struct domain_unit *unit;

	list_for_each_entry(unit, &domain->units, node)
		if (asks_devices(unit))
			flush_unit(domain, unit, start, end, leaf_only);

	/* With PREEMPT_RT, cache_lock leaves them on. */
	guard(irqsave)();
	list_for_each_entry(unit, &domain->units, node) {
		if (asks_devices(unit))
			continue;
		add_flush(&batch, domain, unit, start, end, leaf_only);
		unit->posted = inv_post(&batch, unit->did.iommu);
	}
	/* Who has to send again holds no place in the queue of a later one. */
	list_for_each_entry_reverse(unit, &domain->units, node)
		if (!asks_devices(unit) &&
		    !inv_wait(unit->posted, unit->did.iommu))
			flush_unit(domain, unit, start, end, leaf_only);
}

/**
 * cache_tag_flush_range - drop a range of a domain from all caches
 * @domain: the domain
 * @start: first address
 * @end: last address, inclusive
 * @ih: true if only leaf entries of the page table have changed
 *
 * Called when mappings have been taken away or changed.
 *
 * Context: Any, interrupts included. Takes the domain's cache_lock, and spins
 * until the units have completed all.
 */
void cache_tag_flush_range(struct dmar_domain *domain, unsigned long start,
			   unsigned long end, int ih)
{
	struct domain_unit *unit;

	guard(spinlock_irqsave)(&domain->cache_lock);
	if (list_empty(&domain->units))
		return;

	unit = list_first_entry(&domain->units, struct domain_unit, node);
	if (list_is_last(&unit->node, &domain->units))
		flush_unit(domain, unit, start, end, ih);
	else
		flush_units(domain, start, end, ih);
}

/**
 * cache_tag_flush_all - drop everything of a domain from all caches
 * @domain: the domain
 *
 * Context: As cache_tag_flush_range().
 */
void cache_tag_flush_all(struct dmar_domain *domain)
{
	cache_tag_flush_range(domain, 0, ULONG_MAX, 0);
}

/* Such a unit caches that a second-stage translation is not present. */
static void flush_not_present(struct dmar_domain *domain,
			      struct domain_unit *unit, unsigned long start,
			      unsigned long end)
{
	struct inv_range range = range_of(start, end);
	struct intel_iommu *iommu = unit->did.iommu;
	struct qi_batch batch __uninitialized;
	struct rb_node *node;

	inv_init(&batch);
	for (node = rb_first(&unit->iotlb); node; node = rb_next(node)) {
		inv_make_room(&batch, iommu);
		flush_iotlb(&batch, domain, tag_of(node), range, false);
		trace_cache_tag_flush_range_np(tag_of(node), start, end,
					       range.addr, range.order);
	}
	inv_submit(&batch, iommu);
}

/**
 * cache_tag_flush_range_np - make units see new mappings of a domain
 * @domain: the domain
 * @start: first address
 * @end: last address, inclusive
 *
 * VT-d spec, section 6.1 (Caching Mode) for second stages; section 6.8 (Write
 * Buffer Flushing) for all others.
 *
 * Context: As cache_tag_flush_range().
 */
void cache_tag_flush_range_np(struct dmar_domain *domain, unsigned long start,
			      unsigned long end)
{
	struct domain_unit *unit;

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_for_each_entry(unit, &domain->units, node) {
		if (cap_caching_mode(unit->did.iommu->cap) &&
		    !intel_domain_is_fs_paging(domain))
			flush_not_present(domain, unit, start, end);
		else
			iommu_flush_write_buffer(unit->did.iommu);
	}
}
