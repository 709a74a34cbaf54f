/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that translate through a live update, for those who own the devices
 */
#ifndef _LINUX_IOMMU_LIVEUPDATE_H
#define _LINUX_IOMMU_LIVEUPDATE_H

#include <linux/types.h>

struct device;
struct iommu_domain;
struct liveupdate_flb;

/* To be registered with every file handler that calls the functions below */
extern struct liveupdate_flb iommu_liveupdate_flb;

int iommu_liveupdate_preserve(struct device *dev, struct iommu_domain *domain);
void iommu_liveupdate_unpreserve(struct device *dev);
int iommu_liveupdate_freeze(struct device *dev);
void iommu_liveupdate_unfreeze(struct device *dev);
int iommu_liveupdate_retrieve(struct device *dev);
void iommu_liveupdate_settle(u16 segment, u16 sid);

#endif /* _LINUX_IOMMU_LIVEUPDATE_H */
