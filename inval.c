// SPDX-License-Identifier: GPL-2.0
/*
 * Batches of invalidations, and memory write-back
 *
 * A batch collects descriptors for one unit and goes out in one submission. The
 * unit may execute descriptors in any order and in parallel; a fence makes it
 * finish all that stands before.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/static_stub.h>
#include <linux/cacheflush.h>
#include <linux/dmar.h>
#include <linux/pci.h>

#include "inval.h"

static struct qi_desc *inv_add(struct qi_batch *batch, u64 qw0)
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
void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu)
{
	if (batch->index)
		qi_submit_sync(iommu, batch->descs, batch->index, 0);
	inv_init(batch);
}

/**
 * inv_make_room - make room for one more call of a function that adds
 * @batch: the batch; is sent if it is nearly full
 * @iommu: its unit
 *
 * Context: Any. Spins as inv_submit().
 */
void inv_make_room(struct qi_batch *batch, struct intel_iommu *iommu)
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
void inv_fence(struct qi_batch *batch)
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
void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid, u64 type)
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
void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid, u64 gran)
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
void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu, u16 did,
	       u64 type)
{
	qi_desc_iotlb(iommu, did, 0, 0, type, inv_add(batch, 0));
}

static bool has_page_selective(struct intel_iommu *iommu, unsigned int order)
{
	return cap_pgsel_inv(iommu->cap) &&
	       order <= cap_max_amask_val(iommu->cap);
}

/**
 * inv_iotlb_range - invalidate second-stage translations of a range
 * @batch: the batch; not used with a unit without queued invalidation, which
 *         is told by its registers at once
 * @iommu: the unit
 * @did: the domain id
 * @range: the range; the whole domain where the unit cannot express it
 * @leaf_only: leave the paging-structure caches alone
 *
 * VT-d spec, section 6.5.2.3.
 *
 * Context: Any. May spin until the unit has done it.
 */
void inv_iotlb_range(struct qi_batch *batch, struct intel_iommu *iommu,
		     u16 did, struct inv_range range, bool leaf_only)
{
	u64 type = DMA_TLB_PSI_FLUSH;
	u64 addr = range.addr | leaf_only;

	if (!has_page_selective(iommu, range.order)) {
		type = DMA_TLB_DSI_FLUSH;
		range.order = 0;
		addr = 0;
	}

	if (iommu->qi)
		qi_desc_iotlb(iommu, did, addr, range.order, type,
			      inv_add(batch, 0));
	else
		__iommu_flush_iotlb(iommu, did, addr, range.order, type);
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
void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid)
{
	qi_desc_piotlb_all(did, pasid, inv_add(batch, 0));
}

/**
 * inv_piotlb_range - invalidate a PASID's first-stage translations of a range
 * @batch: the batch
 * @did: one part of their tag
 * @pasid: the other
 * @range: the range
 * @leaf_only: leave the paging-structure caches alone
 *
 * VT-d spec, section 6.5.2.4.
 *
 * Context: Any.
 */
void inv_piotlb_range(struct qi_batch *batch, u16 did, u32 pasid,
		      struct inv_range range, bool leaf_only)
{
	if (range.order >= MAX_AGAW_PFN_WIDTH)
		inv_piotlb(batch, did, pasid);
	else
		qi_desc_piotlb(did, pasid, range.addr, range.order, leaf_only,
			       inv_add(batch, 0));
}

/**
 * inv_all - invalidate all that a unit has cached, but for devices' ATCs
 * @batch: the batch
 * @iommu: the unit
 *
 * In the order in which one cache is refilled from the next.
 *
 * Context: Any.
 */
void inv_all(struct qi_batch *batch, struct intel_iommu *iommu)
{
	inv_context_cache(batch, 0, 0, DMA_CCMD_GLOBAL_INVL);
	inv_fence(batch);
	if (sm_supported(iommu)) {
		inv_pasid_cache(batch, 0, 0, QI_PC_GLOBAL);
		inv_fence(batch);
	}
	inv_iotlb(batch, iommu, 0, DMA_TLB_GLOBAL_FLUSH);
}

/**
 * inv_devtlb_range - invalidate a range in a device's ATC
 * @batch: the batch; an invalidation of the IOTLB in it needs a fence before
 *         this, as an ATC is refilled from the IOTLB
 * @info: the device; nothing is added if its ATS is off
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @range: the range
 *
 * VT-d spec, sections 6.5.2.5 and 6.5.2.6.
 *
 * Context: Any.
 */
void inv_devtlb_range(struct qi_batch *batch, struct device_domain_info *info,
		      u32 pasid, struct inv_range range)
{
	u16 sid = PCI_DEVID(info->bus, info->devfn);
	unsigned int i;

	if (!inv_has_devtlb(info))
		return;

	/* Some devices need to be told twice. */
	for (i = 0; i <= info->dtlb_extra_inval; i++) {
		if (pasid == IOMMU_NO_PASID)
			qi_desc_dev_iotlb(sid, info->pfsid, info->ats_qdep,
					  range.addr, range.order,
					  inv_add(batch, 0));
		else
			qi_desc_dev_iotlb_pasid(sid, info->pfsid, pasid,
						info->ats_qdep, range.addr,
						range.order,
						inv_add(batch, 0));
	}
}

/**
 * inv_devtlb - after a fence, invalidate all of a PASID in a device's ATC
 * @batch: the batch
 * @info: the device; nothing is added if its ATS is off, or if it is gone
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: Any.
 */
void inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		u32 pasid)
{
	/* The unit would wait for the answer of a device that is gone. */
	if (!inv_has_devtlb(info) ||
	    !pci_device_is_present(to_pci_dev(info->dev)))
		return;

	inv_fence(batch);
	inv_devtlb_range(batch, info, pasid, INV_EVERYTHING);
}

/**
 * __iommu_flush_cache - make memory visible to a unit that does not snoop
 * @iommu: the unit; nothing is done if it snoops
 * @addr: start
 * @size: length in bytes
 *
 * Context: Any.
 */
void __iommu_flush_cache(struct intel_iommu *iommu, void *addr, int size)
{
	KUNIT_STATIC_STUB_REDIRECT(__iommu_flush_cache, iommu, addr, size);

	if (!ecap_coherent(iommu->ecap))
		clflush_cache_range(addr, size);
}
