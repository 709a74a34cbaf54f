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

	if (!has_page_selective(iommu, range.order)) {
		type = DMA_TLB_DSI_FLUSH;
		leaf_only = false;
		range = (struct inv_range){};
	}

	/* The hint is another bit in a descriptor's argument than in a register. */
	if (iommu->qi)
		qi_desc_iotlb(iommu, did, range.addr | leaf_only, range.order,
			      type, inv_add(batch, 0));
	else
		__iommu_flush_iotlb(iommu, did, range.addr |
				    (leaf_only ? DMA_TLB_IH_NONLEAF : 0),
				    range.order, type);
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

/* What inv_devtlb() does for a device with ATS */
void __inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		  u32 pasid)
{
	/* The unit would wait for the answer of a device that is gone. */
	if (!pci_device_is_present(to_pci_dev(info->dev)))
		return;

	inv_fence(batch);
	inv_devtlb_range(batch, info, pasid, INV_EVERYTHING);
}

/**
 * iommu_write_back - write CPU caches back to memory
 * @iommu: the unit that does not snoop them
 * @addr: start
 * @size: length in bytes
 *
 * Context: Any.
 */
void iommu_write_back(struct intel_iommu *iommu, void *addr, int size)
{
	KUNIT_STATIC_STUB_REDIRECT(iommu_write_back, iommu, addr, size);

	clflush_cache_range(addr, size);
}
