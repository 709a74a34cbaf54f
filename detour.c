// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a PASID entry from one domain id to another
 *
 * First stage to first stage, page table and domain id sit in different quanta:
 * to change both at once breaks. One after the other does not, if the old table
 * under the new id, or the new table under the old one, harms nobody. That is
 * so under an id that nobody else has: whoever hits what is cached under it is
 * this PASID, and both domains have cache tags with it, so that an unmap from
 * either reaches it. The entry goes
 *
 * 1. from the old table under its id to the old table under that id,
 * 2. to the new table under that id,
 * 3. to the new table under its own id.
 *
 * Each move is hitless, and grants what one of the domains grants. The id is
 * the old domain's or the new one's if nobody else has it, which saves a move,
 * or one for the time being. Bits that say how a table is accessed share a
 * quantum with the id: on the way they are those of either domain, as snooping
 * where it is not needed is always right.
 *
 * If there is no id, or no memory, the change breaks, but does not fail.
 */

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/string.h>

#include "cache.h"
#include "detour.h"
#include "did.h"

#define SNOOP_BITS	(PASID_PE_PWSNP | PASID_PE_PGSNP)

/* @table as it is on the way from @live to @target */
static struct pasid_entry on_the_way(const struct pasid_entry *table, u16 did,
				     const struct pasid_entry *live,
				     const struct pasid_entry *target)
{
	struct pasid_entry pe = *table;

	FIELD_MODIFY(PASID_PE_DID, &pe.val[1], did);
	pe.val[1] |= (live->val[1] | target->val[1]) & SNOOP_BITS;

	return pe;
}

/* Is the way by @did without a gap? */
static bool is_hitless_by(u16 did, struct pasid_entry *live,
			  const struct pasid_entry *target)
{
	struct pasid_entry old = on_the_way(live, did, live, target);
	struct pasid_entry new = on_the_way(target, did, live, target);

	return pasid_entry_is_hitless(live, &old) &&
	       pasid_entry_is_hitless(&old, &new) &&
	       pasid_entry_is_hitless(&new, target);
}

/* An id for the way that nobody else has or gets before detour_commit() */
static int choose_did(struct detour *detour)
{
	struct domain_unit *from = detour->from->unit, *to = detour->to->unit;
	int did;

	guard(mutex)(&to->did.iommu->did_lock);
	if (did_is_exclusive(from)) {
		did_set_in_transit(from, true);
		return from->did.did;
	}
	if (did_is_exclusive(to)) {
		did_set_in_transit(to, true);
		return to->did.did;
	}

	did = did_alloc(to->did.iommu);
	detour->temporary = did >= 0;
	return did;
}

static int assign_tags(struct detour *detour)
{
	int ret;

	ret = cache_tags_assign(detour->from, detour->did);
	if (ret)
		return ret;

	ret = cache_tags_assign(detour->to, detour->did);
	if (ret)
		cache_tags_unassign(detour->from, detour->did);
	return ret;
}

static void drop_did(struct detour *detour)
{
	struct intel_iommu *iommu = detour->to->unit->did.iommu;

	if (detour->temporary)
		did_free(iommu, detour->did);
	detour->did = 0;
}

/**
 * detour_prepare - find a way without a gap, if there is none that is direct
 * @detour: the way; gets an id and cache tags with it, or the id 0
 * @live: the live entry, which nobody else changes in other than control bits
 * @target: what it shall become
 *
 * Context: May sleep. Takes the unit's did_lock.
 */
void detour_prepare(struct detour *detour, struct pasid_entry *live,
		    const struct pasid_entry *target)
{
	int did;

	/* Any id but the entries' own tells whether it can be done at all. */
	if (pasid_entry_is_hitless(live, target) || !detour->from ||
	    !detour->to ||
	    !did_suits(detour->from->domain, detour->to->domain) ||
	    !is_hitless_by(0, live, target))
		return;

	did = choose_did(detour);
	if (did < 0)
		return;

	detour->did = did;
	if (assign_tags(detour))
		drop_did(detour);
}

static bool is_same(const struct pasid_entry *a, const struct pasid_entry *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* All moves but the last, which is left to do something in any case */
static void go_by(u16 did, struct pasid_change *change,
		  const struct pasid_entry *target)
{
	struct pasid_entry *live = &change->old;
	struct pasid_entry old = on_the_way(live, did, live, target);
	struct pasid_entry new = on_the_way(target, did, live, target);

	change->via = did;
	if (!is_same(&old, live))
		pasid_change_move(change, &old, false);
	if (!is_same(&new, target))
		pasid_change_move(change, &new, false);
}

/**
 * detour_install - move a live entry to its target by the way that was found
 * @detour: the way
 * @change: the change of the entry
 * @target: what it shall become
 *
 * Context: May sleep. The device's entry_lock is held.
 */
void detour_install(struct detour *detour, struct pasid_change *change,
		    const struct pasid_entry *target)
{
	/* An address space may have gone away since the way was found. */
	if (detour->did && !pasid_entry_is_hitless(&change->old, target) &&
	    is_hitless_by(detour->did, &change->old, target))
		go_by(detour->did, change, target);
	pasid_change_move(change, target, true);
}

/**
 * detour_commit - let go of what the way needed
 * @detour: the way; nothing is cached under its id any more but what belongs to
 *          the target
 *
 * Context: May sleep.
 */
void detour_commit(struct detour *detour)
{
	if (!detour->did)
		return;

	cache_tags_unassign(detour->from, detour->did);
	cache_tags_unassign(detour->to, detour->did);
	drop_did(detour);
}
