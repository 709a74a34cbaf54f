// SPDX-License-Identifier: GPL-2.0
// Step: attach
//
// Requests of a PASID that changes domains are answered here. Who waits for the
// queue counts how often it was read: a completion wakes only one who waits.
//
// Once: static void prq_answer(
// Once: static void prq_take(
// Once: prq_take(iommu, dev, req);
// Once: page_requests_read(iommu);
// Once: prq_answer(iommu, req, result);

@@
@@
+static void prq_answer(struct intel_iommu *iommu,
+		       const struct page_req_dsc *req, int code);
+static void prq_take(struct intel_iommu *iommu, struct device *dev,
+		     struct page_req_dsc *req);
+
handle_bad_prq_event(struct intel_iommu *iommu, struct page_req_dsc *req, int result)
{
	...
}

@@
identifier iommu, req, result, desc;
@@
handle_bad_prq_event(struct intel_iommu *iommu, struct page_req_dsc *req, int result)
{
-	struct qi_desc desc = { };
	...
-	if (!req->lpig)
-		return;
-	desc.qw0 = ...;
-	desc.qw1 = ...;
-	qi_submit_sync(iommu, &desc, 1, 0);
+	prq_answer(iommu, req, result);
}

@@
expression iommu, dev, req;
@@
prq_event_thread(...)
{
	<...
-	intel_prq_report(iommu, dev, req);
+	prq_take(iommu, dev, req);
	...>
}

@@
expression iommu;
@@
-	if (!completion_done(&iommu->prq_complete))
-		complete(&iommu->prq_complete);
+	page_requests_read(iommu);

@@
expression iommu;
@@
-	init_completion(&iommu->prq_complete);
