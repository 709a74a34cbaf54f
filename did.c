// SPDX-License-Identifier: GPL-2.0
/*
 * A domain on a unit, and its id there: the tag of what the unit caches of it
 *
 * A domain has an id on each unit that it is attached to, from the first
 * attachment to the last; ids are scarce. The record stays with the domain, so
 * that replacing domains back and forth does not allocate it again.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "iommu.h"

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

/**
 * domain_unit_find - find the record of a domain on a unit
 * @domain: the domain
 * @iommu: the unit
 *
 * Context: Any. domain->cache_lock is held.
 * Return: the record, or NULL if there is none.
 */
struct domain_unit *domain_unit_find(struct dmar_domain *domain,
				     struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	lockdep_assert_held(&domain->cache_lock);
	list_for_each_entry(unit, &domain->cache_tags, node)
		if (unit->did.iommu == iommu)
			return unit;
	return NULL;
}

/* The kernel's half finds ids by this; those of SVA domains are all the same. */
static bool has_own_did(const struct dmar_domain *domain)
{
	return domain->domain.type != IOMMU_DOMAIN_SVA;
}

/**
 * domain_unit_get - find the record of a domain on a unit, or make it
 * @domain: the domain
 * @iommu: the unit
 *
 * A new record has neither an id nor tags.
 *
 * Context: May sleep. iommu->did_lock is held, and keeps others from making
 * the same record. Takes domain->cache_lock.
 * Return: the record, or NULL if there is no memory.
 */
struct domain_unit *domain_unit_get(struct dmar_domain *domain,
				    struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	lockdep_assert_held(&iommu->did_lock);
	scoped_guard(spinlock_irqsave, &domain->cache_lock)
		unit = domain_unit_find(domain, iommu);
	if (unit)
		return unit;

	unit = kzalloc_obj(*unit);
	if (!unit)
		return NULL;

	unit->did.iommu = iommu;
	INIT_LIST_HEAD(&unit->iotlb);
	INIT_LIST_HEAD(&unit->devtlb);
	hash_init(unit->tags);
	if (has_own_did(domain) &&
	    xa_insert(&domain->iommu_array, iommu->seq_id, &unit->did,
		      GFP_KERNEL)) {
		kfree(unit);
		return NULL;
	}

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_add_tail(&unit->node, &domain->cache_tags);

	return unit;
}

/**
 * domain_free_units - free the records of a domain
 * @domain: a domain that is attached to nothing
 *
 * Context: Any.
 */
void domain_free_units(struct dmar_domain *domain)
{
	struct domain_unit *unit, *next;

	list_for_each_entry_safe(unit, next, &domain->cache_tags, node)
		kfree(unit);
	if (has_own_did(domain))
		xa_destroy(&domain->iommu_array);
}

/**
 * domain_attach_iommu - give a domain an id on a unit
 * @domain: the domain
 * @iommu: the unit
 *
 * Counted; each call needs one of domain_detach_iommu(). SVA domains share an
 * id that is always there.
 *
 * Context: May sleep. iommu->did_lock is held.
 * Return: 0; -ENOMEM; -ENOSPC if the unit has no id left.
 */
int domain_attach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct domain_unit *unit = domain_unit_get(domain, iommu);
	int did;

	if (!unit)
		return -ENOMEM;
	if (!has_own_did(domain))
		return 0;

	if (!unit->did.refcnt) {
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
 * domain_detach_iommu - undo domain_attach_iommu()
 * @domain: the domain
 * @iommu: the unit; caches nothing of the domain any more for the attachment
 *         that ends
 *
 * Context: Any but interrupts. iommu->did_lock is held.
 */
void domain_detach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct iommu_domain_info *id;

	lockdep_assert_held(&iommu->did_lock);
	if (!has_own_did(domain))
		return;

	id = xa_load(&domain->iommu_array, iommu->seq_id);
	if (!--id->refcnt)
		did_free(iommu, id->did);
}

/**
 * domain_hand_down_did - let a domain take over the id of the one it replaces
 * @from: the domain that is replaced, or NULL; keeps no id on the unit if it
 *        succeeds
 * @to: the domain that replaces it; then needs no domain_attach_iommu()
 * @iommu: the unit
 *
 * If the one attachment that changes is all that uses the id, both domains
 * can have it in turn: nobody else's translations bear it. The entry then
 * changes in nothing but its table. iommu->did_lock must be held until it has,
 * as the next device to attach @to shares the id.
 *
 * To undo it, call it the other way round.
 *
 * Context: May sleep. iommu->did_lock is held.
 * Return: true if @to now has the id; false if nothing has changed, as one of
 * them is attached elsewhere on the unit, too, or there is no memory.
 */
bool domain_hand_down_did(struct iommu_domain *from, struct iommu_domain *to,
			  struct intel_iommu *iommu)
{
	struct domain_unit *giver, *heir;

	if (!domain_did_is_exclusive(from, iommu) ||
	    !has_own_did(to_dmar_domain(to)))
		return false;

	giver = domain_unit_get(to_dmar_domain(from), iommu);
	heir = domain_unit_get(to_dmar_domain(to), iommu);
	if (!heir || heir->did.refcnt)
		return false;

	heir->did.did = giver->did.did;
	swap(heir->did.refcnt, giver->did.refcnt);
	return true;
}

/**
 * domain_did_is_exclusive - whether one attachment is all that uses an id
 * @domain: any domain, or NULL
 * @iommu: the unit
 *
 * Context: Any but interrupts. iommu->did_lock is held; the answer is true for
 * that long.
 * Return: true if it is.
 */
bool domain_did_is_exclusive(struct iommu_domain *domain,
			     struct intel_iommu *iommu)
{
	struct iommu_domain_info *id;

	lockdep_assert_held(&iommu->did_lock);
	if (!domain_has_cache_tags(domain) ||
	    !has_own_did(to_dmar_domain(domain)))
		return false;

	id = xa_load(&to_dmar_domain(domain)->iommu_array, iommu->seq_id);
	return id->refcnt == 1;
}
