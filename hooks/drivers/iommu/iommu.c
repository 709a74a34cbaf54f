// SPDX-License-Identifier: GPL-2.0

/* Step: core */
#include <linux/crash_dump.h>
#include <linux/iommu_liveupdate.h>

/* Step: handler */
#include "iommu-priv.h"

/**
 * iommu_handler_is_known - whether page requests would go to a domain's handler
 * @group: the group of the device that makes them
 * @pasid: their PASID, %IOMMU_NO_PASID for those without
 * @domain: the domain that the driver has attached
 *
 * The core learns of a domain's handler a moment after the driver has attached
 * the domain. Until then a report would go to the handler of the domain before,
 * or to nobody.
 *
 * Context: Any context that is not an interrupt. Takes a spinlock.
 * Return: true if @domain was attached with a handle, and the core has it.
 */
bool iommu_handler_is_known(struct iommu_group *group, ioasid_t pasid,
			    const struct iommu_domain *domain)
{
	void *entry;
	bool known;

	xa_lock(&group->pasid_array);
	entry = xa_load(&group->pasid_array, pasid);
	known = entry && xa_pointer_tag(entry) == IOMMU_PASID_ARRAY_HANDLE &&
		pasid_array_entry_to_domain(entry) == domain;
	xa_unlock(&group->pasid_array);

	return known;
}

/* Step: core */
#ifdef CONFIG_IOMMU_LIVEUPDATE
/**
 * iommu_group_restore - say what a group is attached to when it is claimed
 * @group: the group of a device that was retrieved after a live update
 * @domain: what it is attached to instead of a blocking domain. To attach a
 *          device to it does not fail.
 *
 * Context: May sleep. Takes the group's mutex.
 */
void iommu_group_restore(struct iommu_group *group, struct iommu_domain *domain)
{
	guard(mutex)(&group->mutex);
	group->restored_domain = domain;
}

/**
 * iommu_group_settle - undo iommu_group_restore(), and settle a device
 * @group: the group
 * @dev: the device; it may just be leaving the group
 * @ops: its driver's, or NULL
 * @segment: the device's PCI segment
 * @sid: its requester ID
 *
 * Context: May sleep. Takes the group's mutex.
 * Return: true if it was attached to what was restored. It is attached as the
 * core would have done it now.
 */
bool iommu_group_settle(struct iommu_group *group, struct device *dev,
			const struct iommu_liveupdate_ops *ops,
			u16 segment, u16 sid)
{
	bool restored;

	guard(mutex)(&group->mutex);
	restored = group->domain && group->domain == group->restored_domain;
	if (restored)
		__iommu_group_set_core_domain(group);
	group->restored_domain = NULL;
	if (ops)
		ops->settle(dev->iommu_group == group ? dev : NULL, segment,
			    sid);

	return restored;
}

/**
 * iommu_end_deferral - attach a device that has to wait no longer
 * @dev: a device that a driver is about to have, for DMA by its default domain
 *
 * In a crash kernel that is made up for by the first mapping. After a live update
 * a device has still got the tables of the kernel before, or none.
 *
 * Context: May sleep. Under the group's mutex.
 * Return: 0 or an error of the IOMMU's driver.
 */
int iommu_end_deferral(struct device *dev)
{
	lockdep_assert_held(&dev->iommu_group->mutex);
	if (is_kdump_kernel() || !dev->iommu || !dev->iommu->attach_deferred)
		return 0;

	return __iommu_attach_device(dev->iommu_group->domain, dev, NULL);
}
#endif

/* Step: kunit */
#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
/* Of a group in a test, which has no device to detach */
void iommu_group_forget(struct iommu_group *group)
{
	xa_destroy(&group->pasid_array);
}
#endif
