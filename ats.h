/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ATS of a device, on and off
 */
#ifndef _INTEL_ATS_H_
#define _INTEL_ATS_H_

struct device_domain_info;

void iommu_enable_pci_ats(struct device_domain_info *info);
void iommu_disable_pci_ats(struct device_domain_info *info);

#endif /* _INTEL_ATS_H_ */
