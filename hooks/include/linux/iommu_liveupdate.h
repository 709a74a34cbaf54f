/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices that translate through a live update: for those who own the devices,
 * and for drivers of IOMMUs
 */
#ifndef _LINUX_IOMMU_LIVEUPDATE_H
#define _LINUX_IOMMU_LIVEUPDATE_H

#include <linux/types.h>

struct device;
struct iommu_domain;
struct iommu_ops;
struct liveupdate_flb;

/**
 * struct iommu_liveupdate_ops - how a driver lets devices translate through a
 *				 live update
 * @start: make what the first preserved device needs, and set @data to the
 *         physical address of what the next kernel is to find; 0 or a negative
 *         error
 * @end: undo @start; no device is preserved any more
 * @preserve: see iommu_liveupdate_preserve()
 * @unpreserve: see iommu_liveupdate_unpreserve()
 * @freeze: see iommu_liveupdate_freeze()
 * @unfreeze: see iommu_liveupdate_unfreeze()
 * @retrieve: look at what the kernel before has left at @data. It may be
 *            anything, and what is wrong with it is for the driver to keep in
 *            mind.
 * @finish: free that; all devices are settled
 * @is_restored: whether a device still translates as it did in the kernel before
 * @settle: make sure that a device uses nothing of the kernel before. If it still
 *          does, it is blocked. Under the mutex of its group, but for one that is
 *          not there: then @dev is NULL.
 *
 * All may sleep.
 */
struct iommu_liveupdate_ops {
	int (*start)(u64 *data);
	void (*end)(void);
	int (*preserve)(struct device *dev, struct iommu_domain *domain);
	void (*unpreserve)(struct device *dev);
	int (*freeze)(struct device *dev);
	void (*unfreeze)(struct device *dev);
	void (*retrieve)(phys_addr_t data);
	void (*finish)(void);
	bool (*is_restored)(struct device *dev);
	void (*settle)(struct device *dev, u16 segment, u16 sid);
};

/* To be registered with every file handler that calls the functions below */
extern struct liveupdate_flb iommu_liveupdate_flb;

int iommu_liveupdate_preserve(struct device *dev, struct iommu_domain *domain);
void iommu_liveupdate_unpreserve(struct device *dev);
int iommu_liveupdate_freeze(struct device *dev);
void iommu_liveupdate_unfreeze(struct device *dev);
int iommu_liveupdate_retrieve(struct device *dev);
void iommu_liveupdate_settle(u16 segment, u16 sid);

/* For drivers of IOMMUs */
void iommu_liveupdate_register(const struct iommu_ops *ops);
int iommu_liveupdate_get_incoming(void);

#endif /* _LINUX_IOMMU_LIVEUPDATE_H */
