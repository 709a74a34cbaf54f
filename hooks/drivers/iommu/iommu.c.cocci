// SPDX-License-Identifier: GPL-2.0
//
// Once: iommu_make_pasid_array_entry(domain, NULL),

// An XArray keeps an entry of index 0 without a node, but not one that is
// reserved; most groups have no other. What has its place until the attachment is
// done is a domain without a handle: there are no page requests for it, either.
@ exists @
expression group;
identifier domain, ret;
@@
iommu_attach_group_handle(struct iommu_domain *domain, ...)
{
	...
	ret = xa_insert(&group->pasid_array, IOMMU_NO_PASID,
-			XA_ZERO_ENTRY,
+			iommu_make_pasid_array_entry(domain, NULL),
			GFP_KERNEL);
	...
	if (ret) {
-		xa_release(
+		xa_erase(
			   &group->pasid_array, IOMMU_NO_PASID);
		...
	}
	... when any
}
