// SPDX-License-Identifier: GPL-2.0
/*
 * ATS of a device, on and off
 *
 * A flush passes over the ATC of a device whose ats_enabled is clear. So that is
 * set before the device may begin to cache, and cleared after what it has
 * cached is gone.
 */

#include <linux/pci.h>
#include <linux/pci-ats.h>

#include "ats.h"
#include "inval.h"

/*
 * A flush holds the domain's cache_lock from before it looks until the IOTLB is
 * done. Once the lock was free, a flush that has passed over the ATC has left
 * nothing stale in the IOTLB either, from which the ATC could be filled.
 */
static void set_enabled(struct device_domain_info *info)
{
	if (!info->domain) {
		info->ats_enabled = 1;
		return;
	}
	guard(spinlock_irqsave)(&info->domain->cache_lock);
	info->ats_enabled = 1;
}

/**
 * iommu_enable_pci_ats - let a device cache translations
 * @info: the device; nothing is done if it cannot
 *
 * Context: May sleep. Takes the cache_lock of the domain of the requests without
 * PASID; no PASID is attached yet.
 */
void iommu_enable_pci_ats(struct device_domain_info *info)
{
	struct pci_dev *pdev;

	if (!info->ats_supported || info->ats_enabled)
		return;

	pdev = to_pci_dev(info->dev);
	if (!pci_ats_page_aligned(pdev))
		return;

	set_enabled(info);
	/* Support was checked when the device was probed. */
	if (WARN_ON(pci_enable_ats(pdev, VTD_PAGE_SHIFT)))
		info->ats_enabled = 0;
}

/**
 * iommu_disable_pci_ats - let a device cache translations no more
 * @info: the device; its entries still serve ATS
 *
 * The device asks for no translation once it was told, but what it has it may
 * still use. When it answers the invalidation after that, the writes that it
 * made by way of its ATC have been made.
 *
 * Context: May sleep. Spins until the device has answered.
 */
void iommu_disable_pci_ats(struct device_domain_info *info)
{
	struct qi_batch batch;

	if (!info->ats_enabled)
		return;

	pci_disable_ats(to_pci_dev(info->dev));
	inv_init(&batch);
	inv_devtlb(&batch, info, IOMMU_NO_PASID);
	inv_submit(&batch, info->iommu);
	info->ats_enabled = 0;
}
