/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: what its files share
 */
#ifndef _INTEL_LIVEUPDATE_H_
#define _INTEL_LIVEUPDATE_H_

#include <linux/iommu.h>
#include <linux/pci.h>

#include "iommu.h"
#include "../iommu-priv.h"

/* There if the kernel is configured for it */
extern const struct iommu_liveupdate_ops intel_liveupdate_ops;

/* The driver's record of a device, if it is one of ours on PCI */
static inline struct device_domain_info *liveupdate_info(struct device *dev)
{
	if (!dev_is_pci(dev) || !dev->iommu ||
	    dev_iommu_ops(dev) != &intel_iommu_ops)
		return NULL;

	return dev_iommu_priv_get(dev);
}

#endif /* _INTEL_LIVEUPDATE_H_ */
