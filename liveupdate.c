// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: devices that translate through a kexec
 *
 * The old kernel makes a root table, context tables and PASID tables just for
 * the devices that are preserved, in memory that the next kernel leaves alone.
 * They are ready before the jump, and unused. The very last thing that the
 * kernel does, with all other CPUs stopped, is to point the unit to them:
 * preserved devices are translated by the same page tables with the same
 * domain ids as before, and all other devices are blocked (liveupdate_out.c).
 *
 * The new kernel finds translation enabled and leaves it so. It puts the
 * devices' context entries into tables of its own (liveupdate_boot.c). The
 * first attachment replaces them, hitlessly, as it starts from the live entry
 * (liveupdate_in.c).
 *
 * This file is what the iommu core calls. What one kernel tells the next is in
 * <linux/kho/abi/intel_iommu.h>; liveupdate_blob.c believes nothing of it.
 *
 * See Documentation/driver-api/intel-iommu/live-update.rst.
 */

#include <linux/iommu.h>
#include <linux/iommu_liveupdate.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/liveupdate_format.h>

#include "liveupdate.h"
#include "liveupdate_in.h"
#include "liveupdate_out.h"

LIVEUPDATE_FORMAT(format, VTD_SER_COMPATIBLE, VTD_SER_VERSION);

static int preserve(struct device *dev, struct iommu_domain *domain)
{
	struct device_domain_info *info = liveupdate_info(dev);

	return info ? liveupdate_out_preserve(info, to_dmar_domain(domain)) :
		      -EOPNOTSUPP;
}

static void unpreserve(struct device *dev)
{
	liveupdate_out_unpreserve(dev_iommu_priv_get(dev));
}

static int freeze(struct device *dev)
{
	return liveupdate_out_freeze(dev_iommu_priv_get(dev));
}

static void unfreeze(struct device *dev)
{
	liveupdate_out_unfreeze(dev_iommu_priv_get(dev));
}

static bool is_restored(struct device *dev)
{
	struct device_domain_info *info = liveupdate_info(dev);

	return info && liveupdate_in_is_restored(info);
}

static void settle(struct device *dev, u16 segment, u16 sid)
{
	liveupdate_in_settle(dev ? liveupdate_info(dev) : NULL, segment, sid);
}

const struct iommu_liveupdate_ops intel_liveupdate_ops = {
	.start		= liveupdate_out_start,
	.end		= liveupdate_out_end,
	.preserve	= preserve,
	.unpreserve	= unpreserve,
	.freeze		= freeze,
	.unfreeze	= unfreeze,
	.retrieve	= liveupdate_in_retrieve,
	.finish		= liveupdate_in_finish,
	.is_restored	= is_restored,
	.settle		= settle,
};
