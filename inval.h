/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Batches of invalidations, and memory write-back
 */
#ifndef _INTEL_INVAL_H_
#define _INTEL_INVAL_H_

#include "iommu.h"

/* The most that one call below adds: an ATC that is told twice, and a fence */
#define INV_MAX_ADDED	3

/* A naturally aligned range of 4 KiB pages, as descriptors express it */
struct inv_range {
	u64 addr;
	unsigned int order;
};

/* All addresses */
#define INV_EVERYTHING	((struct inv_range){ .order = MAX_AGAW_PFN_WIDTH })

/* A unit that does not translate must not be asked to invalidate an ATC. */
static inline bool inv_has_devtlb(const struct device_domain_info *info)
{
	return info->ats_enabled && (info->iommu->gcmd & DMA_GCMD_TE);
}

static inline void inv_init(struct qi_batch *batch)
{
	batch->index = 0;
}

void inv_fence(struct qi_batch *batch);
void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid, u64 type);
void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid, u64 gran);
void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu, u16 did,
	       u64 type);
void inv_iotlb_range(struct qi_batch *batch, struct intel_iommu *iommu,
		     u16 did, struct inv_range range, bool leaf_only);
void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid);
void inv_piotlb_range(struct qi_batch *batch, u16 did, u32 pasid,
		      struct inv_range range, bool leaf_only);
void inv_all(struct qi_batch *batch, struct intel_iommu *iommu);
void inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		u32 pasid);
void inv_devtlb_range(struct qi_batch *batch, struct device_domain_info *info,
		      u32 pasid, struct inv_range range);
void inv_make_room(struct qi_batch *batch, struct intel_iommu *iommu);
void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu);

#endif /* _INTEL_INVAL_H_ */
