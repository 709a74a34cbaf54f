// SPDX-License-Identifier: GPL-2.0
//
// Once: #define IOMMUFD_ATTACHED
// Once: #define IOMMUFD_WITH_PASID
// Once: xa_set_mark(&attach->device_array, idev->obj.id,
// Once: xa_set_mark(&igroup->pasid_attach, pasid,
// Gone: xa_find_after(&igroup->pasid_attach,
// Gone: xa_for_each(&attach->device_array,
// Gone: unsigned long start = IOMMU_NO_PASID;
// Gone: return !xa_load(&igroup->pasid_attach, pasid);
// Gone: xa_release(&igroup->pasid_attach, pasid);
// Gone: err_release_pasid:

// A node of an XArray has 64 entries, and a group few devices. Without a mark, who
// has found the last one looks at all that are empty behind it.
@@
@@
+/* All of iommufd_attach.device_array: marks lead past the empty entries. */
+#define IOMMUFD_ATTACHED	XA_MARK_1
+/* All of iommufd_group.pasid_attach but IOMMU_NO_PASID */
+#define IOMMUFD_WITH_PASID	XA_MARK_1
+
struct iommufd_attach {
	...
};

@@
iterator name xa_for_each, xa_for_each_marked;
expression index, idev;
statement S;
@@
	if (attach)
-		xa_for_each(&attach->device_array, index, idev)
+		xa_for_each_marked(&attach->device_array, index, idev, IOMMUFD_ATTACHED)
		S

@@
iterator name xa_for_each, xa_for_each_marked;
expression index, idev;
statement S;
@@
-	xa_for_each(&attach->device_array, index, idev)
+	xa_for_each_marked(&attach->device_array, index, idev, IOMMUFD_ATTACHED)
	S

@@
identifier attach, idev;
@@
	WARN_ON(xa_is_err(xa_store(&attach->device_array, idev->obj.id, idev, ...)));
+	xa_set_mark(&attach->device_array, idev->obj.id, IOMMUFD_ATTACHED);

// A reserved entry needs a node, and one of index 0, as most have, none. All is done
// under the group's lock: the entry can come first, and without a hwpt is none yet.
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
