// SPDX-License-Identifier: GPL-2.0

static void install_entry(struct device_domain_info *info,
			  struct pasid_change *change,
			  struct pasid_entry *target,
			  struct dmar_domain *domain)
{
	bool present = pasid_pte_is_present(change->live);

	scoped_guard(spinlock_irqsave, &info->entry_lock)
		pasid_entry_install(change, target, domain);
	if (present)
		intel_iommu_drain_pasid_prq(info->dev, change->pasid);
}

/**
 * pasid_entry_set - make requests of a PASID go through a domain
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 * @domain: the domain
 * @did: tags what hardware caches of it
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

	install_entry(info, &change, &target,
		      domain->type == IOMMU_DOMAIN_IDENTITY ? NULL :
		      to_dmar_domain(domain));
	return 0;
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

	if (change.live)
		install_entry(info, &change, &blocked, NULL);
}
