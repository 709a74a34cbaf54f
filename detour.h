/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way of a PASID entry from one domain id to another
 */
#ifndef _INTEL_DETOUR_H_
#define _INTEL_DETOUR_H_

#include "iommu.h"
#include "pasid.h"

/**
 * struct detour - the way that an entry takes
 * @did: the id that it has in between; 0 for the direct way
 * @temporary: @did is neither domain's
 * @from: the attachment that the entry comes from
 * @to: the one that it goes to
 */
struct detour {
	u16 did;
	bool temporary;
	struct dev_pasid_info *from;
	struct dev_pasid_info *to;
};

void detour_prepare(struct detour *detour, struct pasid_entry *live,
		    const struct pasid_entry *target);
void detour_install(struct detour *detour, struct pasid_change *change,
		    const struct pasid_entry *target);
void detour_commit(struct detour *detour);

#endif /* _INTEL_DETOUR_H_ */
