/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cache tags: where translations of a domain may be cached
 */
#ifndef _INTEL_CACHE_H_
#define _INTEL_CACHE_H_

#include "iommu.h"

int cache_tags_assign(struct dev_pasid_info *ap, u16 did);
void cache_tags_unassign(struct dev_pasid_info *ap, u16 did);

#endif /* _INTEL_CACHE_H_ */
