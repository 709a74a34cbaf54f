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

/* Descriptors in a unit's queue that somebody has to wait for; or none */
struct inv_posted {
	int index;
	int count;
};

/* All addresses */
#define INV_EVERYTHING	((struct inv_range){ .order = MAX_AGAW_PFN_WIDTH })

/* A unit that does not translate must not be asked to invalidate an ATC. */
static inline bool inv_has_devtlb(const struct device_domain_info *info)
{
	return info->ats_enabled && (info->iommu->gcmd & DMA_GCMD_TE);
}

/*
 * Descriptors are set when they are added: a batch on the stack of a path that
 * is to be fast need not be zeroed.
 */
static inline void inv_init(struct qi_batch *batch)
{
	batch->index = 0;
}

static inline struct qi_desc *inv_add(struct qi_batch *batch, u64 qw0)
{
	struct qi_desc *desc = &batch->descs[batch->index++];

	*desc = (struct qi_desc){ .qw0 = qw0 };
	return desc;
}

/**
 * inv_submit - send a batch of invalidations and wait for it
 * @batch: the batch; empty afterwards
 * @iommu: a unit with queued invalidation
 *
 * Context: Any. Spins until the unit has completed all, devices' answers
 * included.
 */
static inline void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu)
{
	if (batch->index)
		qi_submit_sync(iommu, batch->descs, batch->index, 0);
	inv_init(batch);
}

/**
 * inv_post - send a batch of invalidations, for inv_wait() to wait for it
 * @batch: the batch; empty afterwards
 * @iommu: a unit with queued invalidation
 *
 * Who waits for a place in the queue of one unit, and holds some in those of
 * others, holds none but in those of units with lower numbers: else two might
 * wait for each other. No device's answer is waited for meanwhile.
 *
 * Context: Any, with interrupts off until inv_wait().
 * Return: what inv_wait() has to know.
 */
static inline struct inv_posted inv_post(struct qi_batch *batch,
					 struct intel_iommu *iommu)
{
	struct inv_posted posted = { .count = batch->index };

	lockdep_assert_irqs_disabled();
	if (batch->index)
		posted.index = qi_submit_sync(iommu, batch->descs, batch->index,
					      QI_OPT_POST);
	inv_init(batch);
	return posted;
}

/**
 * inv_wait - wait for what was sent by inv_post()
 * @posted: what that returned
 * @iommu: the unit
 *
 * Context: As inv_post(). Spins until the unit has completed all, devices'
 * answers included.
 * Return: false if the unit has given it up, and it is to be sent again.
 */
static inline bool inv_wait(struct inv_posted posted, struct intel_iommu *iommu)
{
	return !posted.count ||
	       qi_wait(iommu, posted.index, posted.count) != -EAGAIN;
}

/**
 * inv_make_room - make room for one more call of a function that adds
 * @batch: the batch; is sent if it is nearly full
 * @iommu: its unit
 *
 * Context: Any. Spins as inv_submit().
 */
static inline void inv_make_room(struct qi_batch *batch, struct intel_iommu *iommu)
{
	if (batch->index > QI_MAX_BATCHED_DESC_COUNT - INV_MAX_ADDED)
		inv_submit(batch, iommu);
}

/**
 * inv_fence - nothing that follows starts before all so far has completed
 * @batch: the batch; a fence at its start is left out
 *
 * VT-d spec, section 6.5.2.8 (Invalidation Wait Descriptor): the fence flag.
 *
 * Context: Any.
 */
static inline void inv_fence(struct qi_batch *batch)
{
	if (batch->index)
		inv_add(batch, QI_IWD_FENCE | QI_IWD_TYPE);
}

/**
 * inv_context_cache - invalidate the context-cache
 * @batch: the batch
 * @did: the DID that the entry was cached with, unless @type is global
 * @sid: the requester ID, unless @type is global
 * @type: %DMA_CCMD_DEVICE_INVL or %DMA_CCMD_GLOBAL_INVL
 *
 * VT-d spec, section 6.5.2.1.
 *
 * Context: Any.
 */
static inline void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid,
				     u64 type)
{
	inv_add(batch, QI_CC_SID(sid) | QI_CC_DID(did) | QI_CC_GRAN(type) |
		       QI_CC_TYPE);
}

/**
 * inv_pasid_cache - invalidate the PASID-cache
 * @batch: the batch
 * @did: the DID that the entry was cached with, unless @gran is global
 * @pasid: the PASID, unless @gran is global
 * @gran: %QI_PC_PASID_SEL or %QI_PC_GLOBAL
 *
 * VT-d spec, section 6.5.2.2.
 *
 * Context: Any.
 */
static inline void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid,
				   u64 gran)
{
	inv_add(batch, QI_PC_PASID(pasid) | QI_PC_DID(did) | QI_PC_GRAN(gran) |
		       QI_PC_TYPE);
}

/**
 * inv_iotlb - invalidate second-stage translations of a domain, or everything
 * @batch: the batch
 * @iommu: the unit
 * @did: the domain id, unless @type is global
 * @type: %DMA_TLB_DSI_FLUSH or %DMA_TLB_GLOBAL_FLUSH
 *
 * IOTLB and paging-structure caches; VT-d spec, section 6.5.2.3.
 *
 * Context: Any.
 */
static inline void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu,
			     u16 did, u64 type)
{
	qi_desc_iotlb(iommu, did, 0, 0, type, inv_add(batch, 0));
}

/**
 * inv_piotlb - invalidate a PASID's first-stage translations
 * @batch: the batch
 * @did: one part of their tag
 * @pasid: the other
 *
 * IOTLB and paging-structure caches; VT-d spec, section 6.5.2.4.
 *
 * Context: Any.
 */
static inline void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid)
{
	qi_desc_piotlb_all(did, pasid, inv_add(batch, 0));
}

/**
 * inv_translations - invalidate all translations that an attachment has brought
 * @batch: the batch
 * @iommu: the unit
 * @second_stage: it has a second stage, alone or behind a first
 * @did: tags them
 * @pasid: tags those of a first stage, too
 *
 * Second-stage translations of others with the same @did go as well.
 *
 * Context: Any.
 */
static inline void inv_translations(struct qi_batch *batch,
				    struct intel_iommu *iommu,
				    bool second_stage, u16 did, u32 pasid)
{
	if (second_stage)
		inv_iotlb(batch, iommu, did, DMA_TLB_DSI_FLUSH);
	else
		inv_piotlb(batch, did, pasid);
}

void inv_iotlb_range(struct qi_batch *batch, struct intel_iommu *iommu,
		     u16 did, struct inv_range range, bool leaf_only);
void inv_piotlb_range(struct qi_batch *batch, u16 did, u32 pasid,
		      struct inv_range range, bool leaf_only);
void inv_all(struct qi_batch *batch, struct intel_iommu *iommu);
void inv_devtlb_range(struct qi_batch *batch, struct device_domain_info *info,
		      u32 pasid, struct inv_range range);
void __inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		  u32 pasid);

/**
 * inv_devtlb - after a fence, invalidate all of a PASID in a device's ATC
 * @batch: the batch
 * @info: the device; nothing is added if its ATS is off, or if it is gone
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: Any.
 */
static inline void inv_devtlb(struct qi_batch *batch,
			      struct device_domain_info *info, u32 pasid)
{
	if (inv_has_devtlb(info))
		__inv_devtlb(batch, info, pasid);
}

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
/* In dmar.c: what a sender does again and again while it waits */
int qi_look_for_fault(struct intel_iommu *iommu, int index, int wait_index);
#endif

#endif /* _INTEL_INVAL_H_ */
