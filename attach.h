/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Attaching domains to devices and PASIDs
 */
#ifndef _INTEL_ATTACH_H_
#define _INTEL_ATTACH_H_

#include "iommu.h"

int attach_domain(struct device_domain_info *info, ioasid_t pasid,
		  struct iommu_domain *domain);
void attachments_visit(struct dmar_domain *domain,
		       void (*visit)(struct dev_pasid_info *ap));

#endif /* _INTEL_ATTACH_H_ */
