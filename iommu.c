// SPDX-License-Identifier: GPL-2.0
/*
 * What the iommu core calls of the attach path
 */

#include <linux/iommu.h>

#include "ats.h"
#include "attach.h"
#include "did.h"
#include "iommu.h"
#include "pasid.h"

/**
 * intel_iommu_attach_device - translate a device's requests without PASID
 *			       through a domain
 * @domain: the domain, of any type
 * @dev: the device
 * @old: what the iommu core says was attached
 *
 * &iommu_domain_ops.attach_dev of all domains. A device that was retrieved
 * after a live update is not blocked before it was attached for the first time.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the device translating as before. Never
 * fails for the blocked domain.
 */
int intel_iommu_attach_device(struct iommu_domain *domain, struct device *dev,
			      struct iommu_domain *old)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	if (domain->type == IOMMU_DOMAIN_BLOCKED &&
	    intel_liveupdate_is_claimed(info))
		return 0;

	return attach_domain(info, IOMMU_NO_PASID, domain);
}

/**
 * intel_iommu_set_dev_pasid - translate a PASID's requests through a domain
 * @domain: the domain, of any type
 * @dev: the device
 * @pasid: its PASID, not %IOMMU_NO_PASID
 * @old: the domain that was attached to @pasid, or NULL
 *
 * &iommu_domain_ops.set_dev_pasid of all domains.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the PASID translating as before. Never
 * fails for the blocked domain.
 */
int intel_iommu_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old)
{
	return attach_domain(dev_iommu_priv_get(dev), pasid, domain);
}

static bool switch_dirty_tracking(struct dmar_domain *domain, bool enable)
{
	guard(spinlock_irqsave)(&domain->lock);
	if (domain->dirty_tracking == enable)
		return false;

	domain->dirty_tracking = enable;
	return true;
}

/**
 * intel_iommu_set_dirty_tracking - let hardware record writes, or cease to
 * @domain: a second-stage domain that was allocated for it
 * @enable: which
 *
 * &iommu_dirty_ops.set_dirty_tracking. Also covers the domains nested on it.
 * An attachment under way either builds its entry with the new setting, as
 * that is stored first, or is visited.
 *
 * Context: May sleep. Takes domain->lock and the entry_lock of each device.
 * Return: 0; it cannot fail.
 */
int intel_iommu_set_dirty_tracking(struct iommu_domain *domain, bool enable)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	if (switch_dirty_tracking(dmar_domain, enable))
		attachments_visit(dmar_domain, pasid_entry_refresh);

	return 0;
}

static bool force_snooping(struct dmar_domain *domain)
{
	guard(spinlock_irqsave)(&domain->lock);
	if (!domain_support_force_snooping(domain))
		return false;

	domain->force_snooping = true;
	return true;
}

/**
 * intel_iommu_enforce_cache_coherency_fs - make all accesses snoop
 * @domain: a first-stage domain
 *
 * &iommu_domain_ops.enforce_cache_coherency.
 *
 * Context: May sleep. Takes domain->lock and the entry_lock of each device.
 * Return: whether every unit that the domain is attached to can do it.
 */
bool intel_iommu_enforce_cache_coherency_fs(struct iommu_domain *domain)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	if (!force_snooping(dmar_domain))
		return false;

	attachments_visit(dmar_domain, pasid_entry_refresh);
	return true;
}
