/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: what came in
 */
#ifndef _INTEL_LIVEUPDATE_IN_H_
#define _INTEL_LIVEUPDATE_IN_H_

#include <linux/types.h>

struct device_domain_info;
struct intel_iommu;
struct vtd_device_ser;
struct vtd_ser;

void liveupdate_in_retrieve(phys_addr_t data);
void liveupdate_in_finish(void);
const struct vtd_ser *liveupdate_in_blob(void);
int liveupdate_in_accept(const struct vtd_device_ser *record,
			 struct intel_iommu *iommu);
bool liveupdate_in_is_restored(struct device_domain_info *info);
void liveupdate_in_settle(struct device_domain_info *info, u16 segment,
			  u16 sid);
void liveupdate_in_evict(struct intel_iommu *iommu, u16 sid);

#if IS_ENABLED(CONFIG_KUNIT)
void liveupdate_in_forget_devices(void);
bool liveupdate_in_is_there(const struct vtd_device_ser *device);
#endif

#endif /* _INTEL_LIVEUPDATE_IN_H_ */
