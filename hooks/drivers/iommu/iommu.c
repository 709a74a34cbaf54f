// SPDX-License-Identifier: GPL-2.0

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
 * iommu_group_settle - undo iommu_group_restore()
 * @group: the group
 *
 * Context: May sleep. Takes the group's mutex.
 * Return: true if it was attached to what was restored. It is attached as the
 * core would have done it now.
 */
bool iommu_group_settle(struct iommu_group *group)
{
	bool restored;

	guard(mutex)(&group->mutex);
	restored = group->domain && group->domain == group->restored_domain;
	if (restored)
		__iommu_group_set_core_domain(group);
	group->restored_domain = NULL;

	return restored;
}
#endif
