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

void detour_prepare(struct detour *detour, struct pasid_entry *live,
		    const struct pasid_entry *target);
void detour_install(struct detour *detour, struct pasid_change *change,
		    struct pasid_entry *target, struct dmar_domain *domain);
void detour_commit(struct detour *detour);

#endif /* _INTEL_DETOUR_H_ */
