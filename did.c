// SPDX-License-Identifier: GPL-2.0
/*
 * What a domain is on a unit, and its id there
 *
 * A domain has an id on each unit that it is attached to, from the first
 * attachment to the last. The id tags what the unit caches: translations, and
 * the upper levels of page tables. Ids are scarce, and so an id passes from the
 * domain that leaves to the one that comes where nobody else has either.
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

/**
 * domain_is_tagged - whether an attached domain has an id and cache tags
 * @domain: any domain, or NULL
 *
 * Identity and blocked domains have no mappings that could change, so nothing
 * that is cached of them needs to be found again.
 *
 * Context: Any.
 * Return: true if it has.
 */
bool domain_is_tagged(const struct iommu_domain *domain)
{
	return domain && domain->type != IOMMU_DOMAIN_IDENTITY &&
	       domain->type != IOMMU_DOMAIN_BLOCKED;
}

/* All SVA domains share an id that is always there. */
static bool has_own_did(const struct dmar_domain *domain)
{
	return domain->domain.type != IOMMU_DOMAIN_SVA;
}

/**
 * did_alloc - allocate a domain id
 * @iommu: the unit
 *
 * Context: May sleep.
 * Return: an id that nothing uses; -ENOMEM; -ENOSPC.
 */
int did_alloc(struct intel_iommu *iommu)
{
	return ida_alloc_range(&iommu->domain_ida, IDA_START_DID,
			       iommu->max_domain_id - 1, GFP_KERNEL);
}

/**
 * did_free - free a domain id
 * @iommu: the unit; caches nothing with that id any more
 * @did: the id
 *
 * Context: Any.
 */
void did_free(struct intel_iommu *iommu, u16 did)
{
	ida_free(&iommu->domain_ida, did);
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

static struct domain_unit *make_unit(struct dmar_domain *domain,
				     struct intel_iommu *iommu)
{
	struct domain_unit *unit = kzalloc_obj(*unit);

	if (!unit)
		return NULL;

	unit->did.iommu = iommu;
	unit->iotlb = RB_ROOT;
	unit->devtlb = RB_ROOT;
	/* domain_id_iommu() finds it there. */
	if (has_own_did(domain) &&
	    xa_insert(&domain->iommu_array, iommu->seq_id, &unit->did,
		      GFP_KERNEL)) {
		kfree(unit);
		return NULL;
	}

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_add_tail(&unit->node, &domain->units);

	return unit;
}

/**
 * domain_unit_get - find or make the record of a domain on a unit
 * @domain: the domain
 * @iommu: the unit
 *
 * A new record has neither an id nor tags. It lasts until as many calls of
 * domain_unit_put(), which is before the unit goes.
 *
 * Context: May sleep. The unit's did_lock is held, and keeps others from making
 * the same record. Takes domain->cache_lock.
 * Return: the record, or NULL if there is no memory.
 */
struct domain_unit *domain_unit_get(struct dmar_domain *domain,
				    struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	lockdep_assert_held(&iommu->did_lock);
	unit = find_unit(domain, iommu) ?: make_unit(domain, iommu);
	if (unit)
		unit->users++;

	return unit;
}

/**
 * domain_unit_put - undo domain_unit_get()
 * @domain: the domain
 * @unit: its record
 *
 * Context: May sleep. The unit's did_lock is held. Takes domain->cache_lock.
 */
void domain_unit_put(struct dmar_domain *domain, struct domain_unit *unit)
{
	struct intel_iommu *iommu = unit->did.iommu;

	lockdep_assert_held(&iommu->did_lock);
	if (--unit->users)
		return;

	WARN_ON_ONCE(unit->did.refcnt || !RB_EMPTY_ROOT(&unit->iotlb) ||
		     !RB_EMPTY_ROOT(&unit->devtlb));
	if (has_own_did(domain))
		xa_erase(&domain->iommu_array, iommu->seq_id);
	scoped_guard(spinlock_irqsave, &domain->cache_lock)
		list_del(&unit->node);
	kfree(unit);
}

/**
 * did_get - give a domain an id on a unit
 * @domain: the domain
 * @unit: its record
 *
 * Counted; each call needs one of did_put(), or of did_hand_down() and
 * did_put() for the heir.
 *
 * Context: May sleep. The unit's did_lock is held.
 * Return: 0; -ENOMEM; -ENOSPC if the unit has no id left.
 */
int did_get(struct dmar_domain *domain, struct domain_unit *unit)
{
	struct intel_iommu *iommu = unit->did.iommu;
	int did = FLPT_DEFAULT_DID;

	lockdep_assert_held(&iommu->did_lock);
	if (!unit->did.refcnt) {
		if (has_own_did(domain))
			did = did_alloc(iommu);
		if (did < 0) {
			pr_err_ratelimited("%s: no domain id left\n",
					   iommu->name);
			return did;
		}
		unit->did.did = did;
	}
	unit->did.refcnt++;
	return 0;
}

/**
 * did_put - undo did_get()
 * @unit: the domain's record; the unit caches nothing of the domain any more
 *        for the attachment that ends
 *
 * Context: Any but interrupts. The unit's did_lock is held.
 */
void did_put(struct domain_unit *unit)
{
	lockdep_assert_held(&unit->did.iommu->did_lock);
	if (!--unit->did.refcnt && unit->did.did != FLPT_DEFAULT_DID)
		did_free(unit->did.iommu, unit->did.did);
}

/**
 * did_is_exclusive - whether one attachment is all that has an id
 * @unit: a domain's record, or NULL
 *
 * Context: Any but interrupts. The unit's did_lock is held; the answer is true
 * for that long, or for as long as the id is in transit.
 * Return: true if it is.
 */
bool did_is_exclusive(const struct domain_unit *unit)
{
	return unit && unit->did.refcnt == 1 &&
	       unit->did.did != FLPT_DEFAULT_DID;
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

/**
 * did_hand_down - let a domain take over the id of another
 * @from: record of the domain that gives; its id is exclusive
 * @to: record of the domain that takes; it has none
 *
 * To undo it, call it the other way round.
 *
 * Context: Any but interrupts. The unit's did_lock is held.
 */
void did_hand_down(struct domain_unit *from, struct domain_unit *to)
{
	lockdep_assert_held(&from->did.iommu->did_lock);
	to->did.did = from->did.did;
	swap(to->did.refcnt, from->did.refcnt);
}

static bool is_in_transit(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct domain_unit *unit = find_unit(domain, iommu);

	return unit && unit->in_transit;
}

/**
 * did_wait - wait until no change has a domain's id for itself
 * @domain: the domain
 * @iommu: the unit
 *
 * Context: May sleep. The unit's did_lock is held, and dropped meanwhile. A
 * caller that has something in transit must not wait.
 */
void did_wait(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	wait_var_event_mutex(&iommu->domain_ida, !is_in_transit(domain, iommu),
			     &iommu->did_lock);
}

/**
 * did_set_in_transit - begin or end a change that has an id for itself
 * @unit: the domain's record
 * @in_transit: which
 *
 * Context: Any but interrupts. The unit's did_lock is held.
 */
void did_set_in_transit(struct domain_unit *unit, bool in_transit)
{
	lockdep_assert_held(&unit->did.iommu->did_lock);
	unit->in_transit = in_transit;
	if (!in_transit)
		wake_up_var_locked(&unit->did.iommu->domain_ida,
				   &unit->did.iommu->did_lock);
}
