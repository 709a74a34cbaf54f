/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: what came in
 */
#ifndef _INTEL_LIVEUPDATE_IN_H_
#define _INTEL_LIVEUPDATE_IN_H_

#include <linux/types.h>

struct device_domain_info;
struct intel_iommu;
struct vtd_ser;

void liveupdate_in_retrieve(phys_addr_t data);
void liveupdate_in_finish(void);
const struct vtd_ser *liveupdate_in_blob(void);
int liveupdate_in_accept(unsigned int index, struct intel_iommu *iommu);
int liveupdate_in_claim(struct device_domain_info *info);
void liveupdate_in_settle(u16 segment, u16 sid);

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
bool intel_liveupdate_is_claimed(struct device_domain_info *info);
#else
static inline bool intel_liveupdate_is_claimed(struct device_domain_info *info)
{
	return false;
}
#endif

#endif /* _INTEL_LIVEUPDATE_IN_H_ */
