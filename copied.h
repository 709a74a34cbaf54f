/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables of a crashed kernel
 */
#ifndef _INTEL_COPIED_H_
#define _INTEL_COPIED_H_

struct context_entry;
struct intel_iommu;

void copied_reserve_dids(struct intel_iommu *iommu,
			 const struct context_entry *entry);

#endif /* _INTEL_COPIED_H_ */
