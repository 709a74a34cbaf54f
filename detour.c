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
static bool is_hitless_by(u16 did, struct intel_iommu *iommu,
			  struct pasid_entry *live,
			  const struct pasid_entry *target)
{
	struct pasid_entry old = on_the_way(live, did, live, target);
	struct pasid_entry new = on_the_way(target, did, live, target);

	return pasid_entry_is_hitless(iommu, live, &old) &&
	       pasid_entry_is_hitless(iommu, &old, &new) &&
	       pasid_entry_is_hitless(iommu, &new, target);
}

static struct intel_iommu *unit_of(struct detour *detour)
{
	return detour->ids->to->unit->did.iommu;
}

static int assign_tags(struct detour *detour)
{
	int ret;

	ret = cache_tags_assign(detour->ids->from, detour->did);
	if (ret)
		return ret;

	ret = cache_tags_assign(detour->ids->to, detour->did);
	if (ret)
		cache_tags_unassign(detour->ids->from, detour->did);
	return ret;
}

static void drop_did(struct detour *detour)
{
	did_give_back(detour->ids, unit_of(detour), detour->did);
	detour->did = 0;
}

static bool is_wanted(struct did_change *ids, struct pasid_entry *live,
		      const struct pasid_entry *target)
{
	struct intel_iommu *iommu = ids->to->unit->did.iommu;

	if (pasid_entry_is_hitless(iommu, live, target))
		return false;

	/* Any id but the entries' own tells whether it can be done at all. */
	return did_suits(ids->from->domain, ids->to->domain) &&
	       is_hitless_by(0, iommu, live, target);
}

/* What detour_prepare() does for a change of several words */
void __detour_prepare(struct detour *detour, struct pasid_entry *live,
		      const struct pasid_entry *target)
{
	int did;

	if (!is_wanted(detour->ids, live, target))
		return;

	did = did_borrow(detour->ids, unit_of(detour));
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
 * @detour: the way; its id is not 0
 * @change: the change of the entry, with all that is not private set
 * @target: what it shall become; gets control bits
 * @domain: whose they are
 *
 * Context: May sleep. The device's entry_lock is held. Spins while the unit,
 * and the device if it has ATS, invalidate.
 */
void detour_install(struct detour *detour, struct pasid_change *change,
		    struct pasid_entry *target, struct dmar_domain *domain)
{
	struct intel_iommu *iommu = unit_of(detour);

	pasid_change_begin(change, target, domain);
	/* An address space may have gone away since the way was found. */
	if (!pasid_entry_is_hitless(iommu, &change->old, target) &&
	    is_hitless_by(detour->did, iommu, &change->old, target))
		go_by(detour->did, change, target);
	pasid_change_move(change, target, true);
}

/**
 * detour_commit - let go of what the way needed
 * @detour: the way; its id is not 0, and nothing is cached under it any more but
 *          what belongs to the target
 *
 * Context: May sleep.
 */
void detour_commit(struct detour *detour)
{
	cache_tags_unassign(detour->ids->from, detour->did);
	cache_tags_unassign(detour->ids->to, detour->did);
	drop_did(detour);
}
