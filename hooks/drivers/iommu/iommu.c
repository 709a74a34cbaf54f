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
