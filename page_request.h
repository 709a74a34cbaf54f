/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page requests of a device that changes domains
 */
#ifndef _INTEL_PAGE_REQUEST_H_
#define _INTEL_PAGE_REQUEST_H_

#include "iommu.h"

/* Not a response code: the request goes to the handler. */
#define PAGE_REQUEST_REPORT	-1

int page_request_judge(struct device *dev, u32 pasid);
void page_requests_read(struct intel_iommu *iommu);
void page_requests_drain(const struct dev_pasid_info *from);

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
/* In prq.c: what its thread does when a request has come */
void prq_read_queue(struct intel_iommu *iommu);
#endif

#endif /* _INTEL_PAGE_REQUEST_H_ */
