// SPDX-License-Identifier: GPL-2.0

#include "iommufd_private.h"

/**
 * iommufd_device_get_hwpt - what a device's requests without PASID go through
 * @idev: the device
 *
 * Context: May sleep. Takes the lock of the group.
 * Return: the page table, which stays until iommufd_hw_pagetable_put(); NULL if
 * the device is not attached.
 */
struct iommufd_hw_pagetable *
iommufd_device_get_hwpt(struct iommufd_device *idev)
{
	struct iommufd_attach *attach;

	guard(mutex)(&idev->igroup->lock);
	attach = xa_load(&idev->igroup->pasid_attach, IOMMU_NO_PASID);
	if (!attach || !xa_load(&attach->device_array, idev->index))
		return NULL;

	refcount_inc(&attach->hwpt->obj.users);
	return attach->hwpt;
}
