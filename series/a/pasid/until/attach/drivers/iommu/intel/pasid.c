// SPDX-License-Identifier: GPL-2.0

#include "context.h"

/**
 * pasid_entry_set - make requests of a PASID go through a domain
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @domain: the domain
 * @did: tags what hardware caches of it
 *
 * If the device makes page requests, those of the old domain are drained first,
 * and none may come meanwhile.
 *
 * Context: May sleep. Takes the device's entry_lock.
 * Return: 0 or -ENOMEM.
 */
int pasid_entry_set(struct device_domain_info *info, u32 pasid,
		    struct iommu_domain *domain, u16 did)
{
	struct pasid_change change = { .info = info, .pasid = pasid };
	struct pasid_entry target;

	change.live = pasid_entry_prepare(info, pasid, domain, did, &target);
	if (!change.live)
		return -ENOMEM;

	if (info->iopf_refcount)
		pasid_entry_clear(info, pasid);
	scoped_guard(spinlock_irqsave, &info->entry_lock)
		pasid_entry_install(&change, &target,
				    domain->type == IOMMU_DOMAIN_IDENTITY ?
				    NULL : to_dmar_domain(domain));
	context_await_readers(info->iommu);
	return 0;
}

/**
 * pasid_entry_has_did - whether an entry is that of a domain
 * @info: the device
 * @pasid: the entry's PASID
 * @did: the domain's id on the unit
 *
 * Context: Any.
 * Return: true if it is.
 */
bool pasid_entry_has_did(struct device_domain_info *info, u32 pasid, u16 did)
{
	struct pasid_entry *pe = pasid_entry_lookup(info, pasid);

	return pe && pasid_pte_is_present(pe) && pasid_get_domain_id(pe) == did;
}

/**
 * pasid_entry_clear - block requests of a PASID
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: May sleep. Takes the device's entry_lock.
 */
void pasid_entry_clear(struct device_domain_info *info, u32 pasid)
{
	struct pasid_change change = {
		.info = info,
		.pasid = pasid,
		.live = pasid_entry_lookup(info, pasid),
	};
	struct pasid_entry blocked = {};

	/* That of an address space that has gone is not 0, and not present. */
	if (!change.live || !change.live->val[0])
		return;

	scoped_guard(spinlock_irqsave, &info->entry_lock)
		pasid_entry_install(&change, &blocked, NULL);
	context_await_readers(info->iommu);
	intel_iommu_drain_pasid_prq(info->dev, pasid);
}
