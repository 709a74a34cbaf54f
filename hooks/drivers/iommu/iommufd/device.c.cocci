// SPDX-License-Identifier: GPL-2.0
//
// Once: #define IOMMUFD_WITH_PASID
// Once: xa_set_mark(&igroup->pasid_attach, pasid,
// Once: ida_init(&new_igroup->indices);
// Once: rc = ida_alloc(&igroup->indices,
// Once: ida_free(&igroup->indices,
// Once: ida_free(&idev->igroup->indices,
// Once: rc = xa_insert(&attach->device_array, idev->index, idev,
// Gone: rc = xa_insert(&attach->device_array, idev->obj.id,
// Gone: return xa_load(&attach->device_array, idev->obj.id);
// Gone: WARN_ON(xa_is_err(xa_store(&attach->device_array,
// Gone: xa_release(&attach->device_array,
// Gone: xa_find_after(&igroup->pasid_attach,
// Gone: unsigned long start = IOMMU_NO_PASID;
// Gone: return !xa_load(&igroup->pasid_attach, pasid);
// Gone: xa_release(&igroup->pasid_attach, pasid);
// Gone: err_release_pasid:

// An XArray of a group's devices by their object ids needs a node, of 64 entries of
// which nearly all are empty, and whoever looks for the next one looks at all of
// these. By numbers of their own, from 0 on, one device needs no node, and more
// of them lie next to each other.
@@
identifier new_igroup;
@@
	xa_init(&new_igroup->pasid_attach);
+	ida_init(&new_igroup->indices);

@bind@
identifier idev, igroup;
@@
iommufd_bind_iommu(struct iommufd_device *idev)
{
	<...
	igroup = iommufd_get_group(...);
	...>
}

@@
identifier bind.idev, bind.igroup, rc;
@@
+	rc = ida_alloc(&igroup->indices, GFP_KERNEL);
+	if (rc < 0)
+		goto out_group_put;
+	idev->index = rc;
+
	rc = iommu_device_claim_dma_owner(...);
-	if (rc)
+	if (rc) {
+		ida_free(&igroup->indices, idev->index);
		goto out_group_put;
+	}

@@
identifier obj, idev;
@@
iommufd_device_destroy(struct iommufd_object *obj)
{
	...
-	if (!iommufd_device_is_noiommu(idev))
+	if (!iommufd_device_is_noiommu(idev)) {
		iommu_device_release_dma_owner(idev->dev);
+		ida_free(&idev->igroup->indices, idev->index);
+	}
	...
}

@@
identifier attach, idev;
@@
-	xa_load(&attach->device_array, idev->obj.id)
+	xa_load(&attach->device_array, idev->index)

@@
identifier attach, idev;
@@
-	xa_erase(&attach->device_array, idev->obj.id);
+	xa_erase(&attach->device_array, idev->index);

@@
@@
+/* All of iommufd_group.pasid_attach but IOMMU_NO_PASID */
+#define IOMMUFD_WITH_PASID	XA_MARK_1
+
struct iommufd_attach {
	...
};

// A reserved entry needs a node, and one of index 0, as most have, none. All is done
// under the group's lock: the entry can come first, and without a hwpt is none yet.
@@
identifier rc, attach, idev;
@@
-	rc = xa_insert(&attach->device_array, idev->obj.id, XA_ZERO_ENTRY, GFP_KERNEL);
+	rc = xa_insert(&attach->device_array, idev->index, idev, GFP_KERNEL);

@@
identifier attach, idev;
@@
-	WARN_ON(xa_is_err(xa_store(&attach->device_array, idev->obj.id, idev, ...)));

@@
identifier attach, idev;
@@
-	xa_release(&attach->device_array, idev->obj.id);
+	xa_erase(&attach->device_array, idev->index);

@@
identifier igroup, pasid;
@@
iommufd_group_first_attach(struct iommufd_group *igroup, ioasid_t pasid)
{
+	struct iommufd_attach *attach;
+
	lockdep_assert_held(&igroup->lock);
-	return !xa_load(&igroup->pasid_attach, pasid);
+	attach = xa_load(&igroup->pasid_attach, pasid);
+	return !attach || !attach->hwpt;
}

@@
identifier attach, igroup, pasid, rc;
@@
-	attach = xa_cmpxchg(&igroup->pasid_attach, pasid, NULL, XA_ZERO_ENTRY, GFP_KERNEL);
-	if (xa_is_err(attach)) {
-		rc = xa_err(attach);
-		goto err_unlock;
-	}
+	attach = xa_load(&igroup->pasid_attach, pasid);
	if (!attach) {
		attach = kzalloc_obj(*attach);
		if (!attach) {
			rc = -ENOMEM;
-			goto err_release_pasid;
+			goto err_unlock;
		}
		xa_init(&attach->device_array);
+		rc = xa_err(xa_store(&igroup->pasid_attach, pasid, attach, GFP_KERNEL));
+		if (rc) {
+			kfree(attach);
+			goto err_unlock;
+		}
	}

@@
identifier igroup, pasid, attach;
@@
-	WARN_ON(xa_is_err(xa_store(&igroup->pasid_attach, pasid, attach, ...)));
+	if (pasid != IOMMU_NO_PASID)
+		xa_set_mark(&igroup->pasid_attach, pasid, IOMMUFD_WITH_PASID);

@@
identifier attach, igroup, pasid;
@@
 err_free_attach:
	if (iommufd_group_first_attach(igroup, pasid))
-		kfree(attach);
-err_release_pasid:
-	if (iommufd_group_first_attach(igroup, pasid))
-		xa_release(&igroup->pasid_attach, pasid);
+		kfree(xa_erase(&igroup->pasid_attach, pasid));

@@
identifier start;
@@
iommufd_hwpt_pasid_compat(...)
{
	<...
-	unsigned long start = IOMMU_NO_PASID;
-
	...>
}

@@
identifier igroup, start;
@@
-	xa_find_after(&igroup->pasid_attach, &start, UINT_MAX, XA_PRESENT)
+	xa_marked(&igroup->pasid_attach, IOMMUFD_WITH_PASID)
