// SPDX-License-Identifier: GPL-2.0
/*
 * What the iommu core calls of the attach path
 */

#include <linux/iommu.h>

#include "ats.h"
#include "attach.h"
#include "context.h"
#include "copied.h"
#include "did.h"
#include "iommu.h"
#include "liveupdate.h"
#include "liveupdate_boot.h"
#include "liveupdate_out.h"
#include "pasid.h"

static int paging_check(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	return intel_domain_is_fs_paging(domain) ?
		paging_domain_compatible_first_stage(domain, iommu) :
		paging_domain_compatible_second_stage(domain, iommu);
}

static int nested_check(struct dmar_domain *domain, struct device *dev,
			struct intel_iommu *iommu)
{
	const struct iommu_hwpt_vtd_s1 *s1 = &domain->s1_cfg;
	const char *missing = NULL;
	int ret;

	ret = paging_check(domain->s2_domain, iommu);
	if (ret) {
		dev_err_ratelimited(dev, "parent of nested domain does not fit %s\n",
				    iommu->name);
		return ret;
	}

	if (s1->addr_width != ADDR_WIDTH_4LEVEL &&
	    s1->addr_width != ADDR_WIDTH_5LEVEL) {
		dev_err_ratelimited(dev, "nested domain: invalid address width %u\n",
				    s1->addr_width);
		return -EINVAL;
	}

	if (s1->addr_width == ADDR_WIDTH_5LEVEL &&
	    !cap_fl5lp_support(iommu->cap))
		missing = "5-level paging";
	else if ((s1->flags & IOMMU_VTD_S1_SRE) && !ecap_srs(iommu->ecap))
		missing = "supervisor requests";
	else if ((s1->flags & IOMMU_VTD_S1_EAFE) && !ecap_eafs(iommu->ecap))
		missing = "extended access flags";
	if (!missing)
		return 0;

	dev_err_ratelimited(dev, "nested domain: %s has no %s\n", iommu->name,
			    missing);
	return -EINVAL;
}

static int pasid_check(struct device_domain_info *info)
{
	if (!pasid_supported(info->iommu) ||
	    dev_is_real_dma_subdevice(info->dev))
		return -EOPNOTSUPP;
	if (context_copied(info->iommu, info->bus, info->devfn))
		return -EBUSY;

	return 0;
}

/* May this domain be attached here at all? */
static int attach_check(struct device_domain_info *info, ioasid_t pasid,
			struct iommu_domain *domain)
{
	int ret;

	if (!intel_liveupdate_allows(info, pasid, domain)) {
		dev_err_ratelimited(info->dev, "is preserved for a live update, and stays attached as it is\n");
		return -EBUSY;
	}

	ret = pasid == IOMMU_NO_PASID ? 0 : pasid_check(info);
	if (ret)
		return ret;

	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		return 0;
	case IOMMU_DOMAIN_SVA:
		return intel_iommu_sva_supported(info->dev);
	case IOMMU_DOMAIN_NESTED:
		return nested_check(to_dmar_domain(domain), info->dev,
				    info->iommu);
	default:
		if (WARN_ON_ONCE(!(domain->type & __IOMMU_DOMAIN_PAGING)))
			return -EINVAL;
		return paging_check(to_dmar_domain(domain), info->iommu);
	}
}

static int check_and_attach(struct device_domain_info *info, ioasid_t pasid,
			    struct iommu_domain *domain)
{
	int ret = 0;

	if (domain->type != IOMMU_DOMAIN_BLOCKED)
		ret = attach_check(info, pasid, domain);

	return ret ?: attach_domain(info, pasid, domain);
}

/**
 * intel_iommu_attach_device - translate a device's requests without PASID
 *			       through a domain
 * @domain: the domain, of any type
 * @dev: the device
 * @old: what the iommu core says was attached
 *
 * &iommu_domain_ops.attach_dev of all domains.
 *
 * Context: May sleep. Called with the group mutex held.
 * Return: 0; a negative error with the device translating as before. Never
 * fails for the blocked domain.
 */
int intel_iommu_attach_device(struct iommu_domain *domain, struct device *dev,
			      struct iommu_domain *old)
{
	return check_and_attach(dev_iommu_priv_get(dev), IOMMU_NO_PASID,
				domain);
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
	return check_and_attach(dev_iommu_priv_get(dev), pasid, domain);
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

/*
 * The mappings of a second stage say themselves whether to snoop, and those to
 * come will; what is nested on it is told by the entry.
 */
static bool force_snooping(struct dmar_domain *domain)
{
	guard(spinlock_irqsave)(&domain->lock);
	if (!domain_support_force_snooping(domain))
		return false;

	if (intel_domain_is_ss_paging(domain))
		domain->sspt.vtdss_pt.common.features |=
			BIT(PT_FEAT_VTDSS_FORCE_COHERENCE);
	domain->force_snooping = true;
	return true;
}

/**
 * intel_iommu_enforce_cache_coherency - make all accesses snoop
 * @domain: a paging domain
 *
 * &iommu_domain_ops.enforce_cache_coherency.
 *
 * Context: May sleep. Takes domain->lock and the entry_lock of each device.
 * Return: whether every unit that the domain is attached to can do it.
 */
bool intel_iommu_enforce_cache_coherency(struct iommu_domain *domain)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	if (!force_snooping(dmar_domain))
		return false;

	attachments_visit(dmar_domain, pasid_entry_refresh);
	return true;
}
