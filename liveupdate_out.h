/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: what goes out
 */
#ifndef _INTEL_LIVEUPDATE_OUT_H_
#define _INTEL_LIVEUPDATE_OUT_H_

#include "iommu.h"

struct dmar_dev_scope;
struct vtd_device_ser;

int liveupdate_out_start(u64 *data);
void liveupdate_out_end(void);
int liveupdate_out_preserve(struct device_domain_info *info,
			    struct dmar_domain *domain);
void liveupdate_out_unpreserve(struct device_domain_info *info);
int liveupdate_out_freeze(struct device_domain_info *info);
void liveupdate_out_unfreeze(struct device_domain_info *info);

/**
 * intel_liveupdate_allows - whether a domain can be attached to a device
 * @info: the device
 * @pasid: where
 * @domain: the domain
 *
 * A device that is preserved stays attached to what it is preserved with. A reset
 * blocks it for a while and attaches that again.
 *
 * Context: Any.
 * Return: false from preserve to unpreserve, for all but that.
 */
static inline bool
intel_liveupdate_allows(const struct device_domain_info *info, ioasid_t pasid,
			const struct iommu_domain *domain)
{
	const struct iommu_domain *preserved = READ_ONCE(info->preserved);

	return !preserved || (domain == preserved && pasid == IOMMU_NO_PASID);
}

#ifdef CONFIG_IRQ_REMAP
bool intel_irq_remapping_is_set_up(struct intel_iommu *iommu);
void intel_irq_remapping_hand_over(struct intel_iommu *iommu,
				   phys_addr_t table);
#else
static inline bool intel_irq_remapping_is_set_up(struct intel_iommu *iommu)
{
	return false;
}

static inline void
intel_irq_remapping_hand_over(struct intel_iommu *iommu, phys_addr_t table)
{
}
#endif

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
bool intel_liveupdate_hand_over(struct intel_iommu *iommu);
#else
static inline bool intel_liveupdate_hand_over(struct intel_iommu *iommu)
{
	return false;
}
#endif

/* With the reserved memory of firmware */
struct device *rmrr_find_device(struct intel_iommu *iommu);

#if IS_ENABLED(CONFIG_KUNIT)
void rmrr_pretend(struct dmar_dev_scope *devices, int count);
bool liveupdate_image_takes_over(void);
const char *liveupdate_find_obstacle(struct device_domain_info *info);
const char *liveupdate_read_translation(struct device_domain_info *info,
					struct vtd_device_ser *record);
#endif

#endif /* _INTEL_LIVEUPDATE_OUT_H_ */
