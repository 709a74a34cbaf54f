// SPDX-License-Identifier: GPL-2.0

// Step: group-array
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

// Step: core
// Once: struct iommu_domain *restored_domain;
// Once: group->domain != group->restored_domain)
// Once: struct iommu_domain *domain = group->restored_domain;
// Once: domain = group->blocking_domain;
// Once: ret = iommu_end_deferral(dev);

// A device that was retrieved after a live update goes on to translate when it is
// claimed. Its owner attaches it from there as from a blocking domain.
@@
@@
struct iommu_group {
	...
	struct iommu_domain *domain;
+	/* In place of blocking_domain when the group is claimed, or NULL */
+	struct iommu_domain *restored_domain;
	...
};

@@
identifier group;
@@
__iommu_attach_group(...)
{
	...
	if (group->domain && group->domain != group->default_domain &&
-	    group->domain != group->blocking_domain)
+	    group->domain != group->blocking_domain &&
+	    group->domain != group->restored_domain)
		return -EBUSY;
	...
}

@@
identifier group, ret;
@@
__iommu_take_dma_ownership(...)
{
+	struct iommu_domain *domain = group->restored_domain;
	int ret;
	...
+	if (!domain)
+		domain = group->blocking_domain;
	ret = __iommu_group_set_domain(group,
-				       group->blocking_domain
+				       domain
				      );
	...
}

// What the attachment of a device was deferred for ends when a driver gets it.
@@
identifier group, dev, ret;
@@
int iommu_device_use_default_domain(struct device *dev)
{
	...
	int ret = 0;
	...
+	ret = iommu_end_deferral(dev);
+	if (ret)
+		goto unlock_out;
+
	group->owner_cnt++;
	...
}
