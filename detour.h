/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way of a PASID entry from one domain id to another
 */
#ifndef _INTEL_DETOUR_H_
#define _INTEL_DETOUR_H_

#include "did.h"
#include "iommu.h"
#include "pasid.h"

/**
 * struct detour - the way that an entry takes
 * @did: the id that it has in between; 0 for the direct way
 * @ids: the attachments that it leads from and to
 */
struct detour {
	u16 did;
	struct did_change *ids;
};

void __detour_prepare(struct detour *detour, struct pasid_entry *live,
		      const struct pasid_entry *target);

/**
 * detour_prepare - find a way without a gap, if there is none that is direct
 * @detour: the way between two attachments; gets an id and cache tags with it,
 *          or the id 0
 * @live: the live entry, which nobody else changes but to tear it down, or in
 *        control bits
 * @target: what it shall become
 *
 * Context: May sleep. Takes the unit's did_lock.
 */
static inline void detour_prepare(struct detour *detour,
				  struct pasid_entry *live,
				  const struct pasid_entry *target)
{
	unsigned int i, words = 0;

	for (i = 0; i < ARRAY_SIZE(live->val); i++)
		words += live->val[i] != target->val[i];
	/* One store at most: most changes are. */
	if (words > 1)
		__detour_prepare(detour, live, target);
}

void detour_install(struct detour *detour, struct pasid_change *change,
		    struct pasid_entry *target, struct dmar_domain *domain);
void detour_commit(struct detour *detour);

#endif /* _INTEL_DETOUR_H_ */
