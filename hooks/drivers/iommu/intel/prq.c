// SPDX-License-Identifier: GPL-2.0

#include "page_request.h"

/* Only the last request of a group is answered. */
static void prq_answer(struct intel_iommu *iommu,
		       const struct page_req_dsc *req, int code)
{
	struct qi_desc desc = {
		.qw0 = QI_PGRP_RESP_TYPE | QI_PGRP_RESP_CODE(code) |
		       QI_PGRP_DID(req->rid) | QI_PGRP_PASID(req->pasid) |
		       QI_PGRP_PASID_P(req->pasid_present),
		.qw1 = QI_PGRP_IDX(req->prg_index),
	};

	if (req->lpig)
		qi_submit_sync(iommu, &desc, 1, 0);
}

static void prq_take(struct intel_iommu *iommu, struct device *dev,
		     struct page_req_dsc *req)
{
	u32 pasid = req->pasid_present ? req->pasid : IOMMU_NO_PASID;
	int code = page_request_judge(dev, pasid);

	if (code == PAGE_REQUEST_REPORT)
		intel_prq_report(iommu, dev, req);
	else
		prq_answer(iommu, req, code);
}

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
void prq_read_queue(struct intel_iommu *iommu)
{
	prq_event_thread(0, iommu);
}
#endif
