// SPDX-License-Identifier: GPL-2.0
/*
 * What a domain is on a unit, and its id there
 *
 * A domain has an id on each unit that it is attached to, from the first
 * attachment to the last. The id tags what the unit caches: translations, and
 * the upper levels of page tables. Ids are scarce, and so an id passes from the
 * domain that leaves to the one that comes where nobody else has either.
 *
 * Who detaches a device often attaches it again. So the last id that was given
 * back is not looked for: it is kept where the next one to need an id finds it.
 *
 * The unit's did_lock is held for moments only. A change that relies on having
 * an id for itself while hardware still uses it marks the id as in transit.
 * Whoever wants to share that very id waits; all others go on.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "did.h"

/* All SVA domains share an id that is always there. */
static bool has_own_did(const struct dmar_domain *domain)
{
	return domain->domain.type != IOMMU_DOMAIN_SVA;
}

/**
 * did_alloc - allocate a domain id
 * @iommu: the unit
 *
 * Context: May sleep. The unit's did_lock is held.
 * Return: an id that nothing uses; -ENOMEM; -ENOSPC.
 */
int did_alloc(struct intel_iommu *iommu)
{
	int did = iommu->spare_did;

	lockdep_assert_held(&iommu->did_lock);
	iommu->spare_did = 0;
	if (!did)
		did = ida_alloc_range(&iommu->domain_ida, IDA_START_DID,
				      iommu->max_domain_id - 1, GFP_KERNEL);
	return did;
}

/**
 * did_free - free a domain id
 * @iommu: the unit; caches nothing with that id any more
 * @did: the id
 *
 * Context: Any. The unit's did_lock is held.
 */
void did_free(struct intel_iommu *iommu, u16 did)
{
	lockdep_assert_held(&iommu->did_lock);
	did_drop_spare(iommu);
	iommu->spare_did = did;
}

/**
 * did_drop_spare - have no id spare
 * @iommu: the unit
 *
 * Context: Any. The unit's did_lock is held, or nobody attaches to the unit.
 */
void did_drop_spare(struct intel_iommu *iommu)
{
	if (iommu->spare_did)
		ida_free(&iommu->domain_ida, iommu->spare_did);
	iommu->spare_did = 0;
}

/**
 * did_reserve - take a domain id that the kernel before has used
 * @iommu: the unit
 * @did: the id
 *
 * Context: May sleep. At boot, before any domain has an id on the unit.
 * Return: 0; -ENOSPC if it is taken already; -ENOMEM.
 */
int did_reserve(struct intel_iommu *iommu, u16 did)
{
	int ret;

	did_drop_spare(iommu);
	ret = ida_alloc_range(&iommu->domain_ida, did, did, GFP_KERNEL);

	return ret < 0 ? ret : 0;
}

/**
 * did_is_used - whether a domain id tags what a unit caches
 * @iommu: the unit
 * @did: the id
 *
 * Context: Any. The answer may be out of date.
 * Return: false if nobody has it.
 */
bool did_is_used(struct intel_iommu *iommu, unsigned int did)
{
	return did != iommu->spare_did && ida_exists(&iommu->domain_ida, did);
}

static struct domain_unit *find_unit(struct dmar_domain *domain,
				     struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_for_each_entry(unit, &domain->units, node)
		if (unit->did.iommu == iommu)
			return unit;
	return NULL;
}

/* In the order in which flushes take places in the queues of units, see inval.h */
static void link_unit(struct dmar_domain *domain, struct domain_unit *new)
{
	struct domain_unit *unit;

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_for_each_entry(unit, &domain->units, node)
		if (unit->did.iommu->seq_id > new->did.iommu->seq_id)
			break;
	list_add_tail(&new->node, &unit->node);
}

static struct domain_unit *make_unit(struct dmar_domain *domain,
				     struct intel_iommu *iommu)
{
	struct domain_unit *unit = kmalloc_obj(*unit);

	if (!unit)
		return NULL;

	*unit = (struct domain_unit){
		.did.iommu = iommu,
		.iotlb = RB_ROOT,
		.devtlb = RB_ROOT,
	};
	link_unit(domain, unit);
	return unit;
}

static bool is_nested(const struct dmar_domain *domain)
{
	return domain->domain.type == IOMMU_DOMAIN_NESTED;
}

/**
 * did_suits - whether two domains may bear one id in turn
 * @from: a tagged domain
 * @to: another one
 *
 * VT-d spec, section 6.2.3.1: what is cached is tagged with the id, not with
 * the type of the table it came from. A walk of one type may find the upper
 * levels of a table of the other, and that of a nested one those of another
 * parent. So first stages share among themselves, second stages too, and
 * nested domains with their parent and its other children.
 *
 * Context: Any.
 * Return: true if a walk of either finds nothing but what one of them grants.
 */
bool did_suits(struct dmar_domain *from, struct dmar_domain *to)
{
	struct dmar_domain *from_parent = is_nested(from) ? from->s2_domain : from;
	struct dmar_domain *to_parent = is_nested(to) ? to->s2_domain : to;

	if (is_nested(from) || is_nested(to))
		return from_parent == to_parent;

	return intel_domain_is_ss_paging(from) == intel_domain_is_ss_paging(to);
}

/* A new record has neither an id nor tags. */
static struct domain_unit *get_unit(struct dmar_domain *domain,
				    struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	unit = find_unit(domain, iommu) ?: make_unit(domain, iommu);
	if (unit)
		unit->users++;

	return unit;
}

/* The last attachment takes the record with it, which is before the unit goes. */
static void put_unit(struct dmar_domain *domain, struct domain_unit *unit)
{
	if (--unit->users)
		return;

	WARN_ON_ONCE(unit->did.refcnt || !RB_EMPTY_ROOT(&unit->iotlb) ||
		     !RB_EMPTY_ROOT(&unit->devtlb));
	scoped_guard(spinlock_irqsave, &domain->cache_lock)
		list_del(&unit->node);
	kfree(unit);
}

static int get_units(struct dev_pasid_info *ap, struct intel_iommu *iommu)
{
	ap->unit = get_unit(ap->domain, iommu);
	if (!ap->unit)
		return -ENOMEM;
	if (!is_nested(ap->domain))
		return 0;

	ap->parent_unit = get_unit(ap->domain->s2_domain, iommu);
	if (ap->parent_unit)
		return 0;

	put_unit(ap->domain, ap->unit);
	return -ENOMEM;
}

static void put_units(struct dev_pasid_info *ap)
{
	if (ap->parent_unit)
		put_unit(ap->domain->s2_domain, ap->parent_unit);
	put_unit(ap->domain, ap->unit);
}

static int get_did(struct dmar_domain *domain, struct domain_unit *unit)
{
	int did = FLPT_DEFAULT_DID;

	if (!unit->did.refcnt) {
		if (has_own_did(domain))
			did = did_alloc(unit->did.iommu);
		if (did < 0) {
			pr_err_ratelimited("%s: no domain id left\n",
					   unit->did.iommu->name);
			return did;
		}
		unit->did.did = did;
	}
	unit->did.refcnt++;
	return 0;
}

static void put_did(struct domain_unit *unit)
{
	if (!--unit->did.refcnt && unit->did.did != FLPT_DEFAULT_DID)
		did_free(unit->did.iommu, unit->did.did);
}

static void hand_down(struct domain_unit *from, struct domain_unit *to)
{
	to->did.did = from->did.did;
	swap(to->did.refcnt, from->did.refcnt);
}

/* Nobody but this change has the one id, and the other domain has none. */
static bool can_hand_down(struct did_change *ids)
{
	struct dev_pasid_info *from = ids->from, *to = ids->to;

	return from && did_is_exclusive(from->unit) && !to->unit->did.refcnt &&
	       did_suits(from->domain, to->domain);
}

static int enter(struct did_change *ids)
{
	struct domain_unit *to = ids->to->unit;

	ids->handed_down = can_hand_down(ids);
	if (!ids->handed_down)
		return get_did(ids->to->domain, to);

	/* The entry still translates by the old domain under this id. */
	hand_down(ids->from->unit, to);
	ids->from->unit->in_transit = true;
	to->in_transit = true;
	return 0;
}

/* Nobody relies any more on having an id of this change for itself. */
static void settle(struct did_change *ids, struct intel_iommu *iommu)
{
	if (ids->from)
		ids->from->unit->in_transit = false;
	if (ids->to)
		ids->to->unit->in_transit = false;
	wake_up_var_locked(&iommu->domain_ida, &iommu->did_lock);
}

static bool is_in_transit(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct domain_unit *unit = find_unit(domain, iommu);

	return unit && unit->in_transit;
}

/**
 * did_enter - give an attachment its records and an id
 * @ids: what ends and what begins; @to gets an id
 * @iommu: the unit
 *
 * The id is that of @from if nobody else has it and the domains may bear one id
 * in turn. Others can come to share it only after did_leave(). If the id of
 * @to is in transit by another change, this waits for that.
 *
 * Context: May sleep. Takes the unit's did_lock. A caller that has something in
 * transit must not call it.
 * Return: 0; -ENOMEM; -ENOSPC if the unit has no id left.
 */
int did_enter(struct did_change *ids, struct intel_iommu *iommu)
{
	struct dev_pasid_info *to = ids->to;
	int ret;

	guard(mutex)(&iommu->did_lock);
	wait_var_event_mutex(&iommu->domain_ida,
			     !is_in_transit(to->domain, iommu),
			     &iommu->did_lock);
	ret = get_units(to, iommu);
	if (ret)
		return ret;

	ret = enter(ids);
	if (ret)
		put_units(to);
	else
		to->did = to->unit->did.did;
	return ret;
}

/**
 * did_undo - undo did_enter()
 * @ids: what did not end and did not begin
 * @iommu: the unit
 *
 * Context: May sleep. Takes the unit's did_lock.
 */
void did_undo(struct did_change *ids, struct intel_iommu *iommu)
{
	guard(mutex)(&iommu->did_lock);
	if (ids->handed_down)
		hand_down(ids->to->unit, ids->from->unit);
	else
		put_did(ids->to->unit);
	settle(ids, iommu);
	put_units(ids->to);
}

/**
 * did_leave - end an attachment's part in ids and records
 * @ids: what has ended, with no tags left, and what has begun
 * @iommu: the unit; caches nothing of @from any more
 *
 * Context: May sleep. Takes the unit's did_lock.
 */
void did_leave(struct did_change *ids, struct intel_iommu *iommu)
{
	guard(mutex)(&iommu->did_lock);
	settle(ids, iommu);
	if (!ids->from)
		return;

	if (!ids->handed_down)
		put_did(ids->from->unit);
	put_units(ids->from);
}

/**
 * did_borrow - get an id that nobody else has until did_leave()
 * @ids: both not NULL
 * @iommu: the unit
 *
 * One of theirs, if the other attachments leave it to them, or a temporary one.
 *
 * Context: May sleep. Takes the unit's did_lock.
 * Return: the id; -ENOMEM; -ENOSPC.
 */
int did_borrow(struct did_change *ids, struct intel_iommu *iommu)
{
	struct domain_unit *from = ids->from->unit, *to = ids->to->unit;
	struct domain_unit *lender = NULL;

	guard(mutex)(&iommu->did_lock);
	if (did_is_exclusive(from))
		lender = from;
	else if (did_is_exclusive(to))
		lender = to;
	if (!lender)
		return did_alloc(iommu);

	lender->in_transit = true;
	return lender->did.did;
}

/**
 * did_give_back - undo did_borrow()
 * @ids: as for that
 * @iommu: the unit; caches nothing with the id any more but what belongs to @to
 * @did: the id
 *
 * Context: May sleep. Takes the unit's did_lock.
 */
void did_give_back(struct did_change *ids, struct intel_iommu *iommu, u16 did)
{
	guard(mutex)(&iommu->did_lock);
	if (did != ids->from->did && did != ids->to->did)
		did_free(iommu, did);
}
