/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: what happens at boot
 */
#ifndef _INTEL_LIVEUPDATE_BOOT_H_
#define _INTEL_LIVEUPDATE_BOOT_H_

#include <linux/types.h>

struct device_domain_info;
struct intel_iommu;

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
void intel_liveupdate_adopt(void);
bool intel_liveupdate_was_left_on(struct intel_iommu *iommu);
bool intel_liveupdate_keeps(struct intel_iommu *iommu);
void intel_liveupdate_restore(struct intel_iommu *iommu);
void intel_liveupdate_probe(const struct device_domain_info *info);
#else
static inline void intel_liveupdate_adopt(void)
{
}

static inline bool intel_liveupdate_was_left_on(struct intel_iommu *iommu)
{
	return false;
}

static inline bool intel_liveupdate_keeps(struct intel_iommu *iommu)
{
	return false;
}

static inline void intel_liveupdate_restore(struct intel_iommu *iommu)
{
}

static inline void
intel_liveupdate_probe(const struct device_domain_info *info)
{
}
#endif

#endif /* _INTEL_LIVEUPDATE_BOOT_H_ */
