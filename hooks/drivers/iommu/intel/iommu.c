// SPDX-License-Identifier: GPL-2.0

#include "liveupdate_out.h"

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
/**
 * rmrr_find_device - find a device that does DMA for firmware
 * @iommu: its unit
 *
 * Those whose reserved memory is relaxable do not count: firmware uses it no more
 * when there are drivers, which is why they may be assigned to users, too.
 *
 * Context: Any.
 * Return: a device with a reference, NULL if there is none.
 */
struct device *rmrr_find_device(struct intel_iommu *iommu)
{
	struct dmar_rmrr_unit *rmrr;
	struct device *dev;
	int i;

	guard(rcu)();
	for_each_rmrr_units(rmrr)
		for_each_active_dev_scope(rmrr->devices, rmrr->devices_cnt, i,
					  dev)
			if (!device_rmrr_is_relaxable(dev) &&
			    device_lookup_iommu(dev, NULL, NULL) == iommu)
				return get_device(dev);
	return NULL;
}

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
/* As if firmware had reserved memory for these devices; NULL ends it. */
void rmrr_pretend(struct dmar_dev_scope *devices, int count)
{
	static struct dmar_rmrr_unit rmrr;

	guard(rwsem_write)(&dmar_global_lock);
	if (rmrr.devices)
		list_del(&rmrr.list);
	rmrr.devices = devices;
	rmrr.devices_cnt = count;
	if (devices)
		list_add(&rmrr.list, &dmar_rmrr_units);
}
#endif
#endif
