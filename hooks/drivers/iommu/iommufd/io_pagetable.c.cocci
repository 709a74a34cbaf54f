// SPDX-License-Identifier: GPL-2.0
//
// Once: /* A preserved device reaches nothing new. */
// Once: /* A preserved device reaches all that it did. */
// Once: /* Nor does it come to share what it reaches. */
//
// While a device that is preserved for a live update translates through it, an
// address space stays as it was when it was checked: nothing is mapped, nothing
// is unmapped, and no other page table of it is filled. All of these hold
// iova_rwsem for writing where they begin, and so does who preserves it.

@@
identifier iopt;
@@
iopt_alloc_area_pages(struct io_pagetable *iopt, ...)
{
	...
	down_write(&iopt->iova_rwsem);
+	if (iopt->preserved) {
+		/* A preserved device reaches nothing new. */
+		rc = -EBUSY;
+		goto out_unlock;
+	}
	...
}

@@
identifier iopt;

@@
iopt_unmap_iova_range(struct io_pagetable *iopt, ...)
{
	<...
	down_read(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
+	if (iopt->preserved) {
+		/* A preserved device reaches all that it did. */
+		rc = -EBUSY;
+		goto out_unlock_iova;
+	}
	...>
}

@@
identifier iopt;
@@
iopt_table_add_domain(struct io_pagetable *iopt, ...)
{
	...
	down_write(&iopt->domains_rwsem);
	down_write(&iopt->iova_rwsem);
+	if (iopt->preserved) {
+		/* Nor does it come to share what it reaches. */
+		rc = -EBUSY;
+		goto out_unlock;
+	}
	...
}
