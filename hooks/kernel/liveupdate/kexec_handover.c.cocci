// SPDX-License-Identifier: GPL-2.0
//
// Once: size_t kho_preserved_size(phys_addr_t phys)
// Once: #include <linux/kho_preserved.h>
//
// Whoever restores memory at a wrong address gets a warning with a backtrace,
// and there is no way to ask first. A blob that was handed over is checked
// before anything in it is believed, so let it be asked: how much memory that
// was preserved as one piece, and not restored yet, begins at this address?

@@
@@
#include <linux/kexec_handover.h>
+ #include <linux/kho_preserved.h>

@@
identifier page_info, page;
@@
static struct page *kho_restore_page(...)
{
	...
	struct page *page = ...;
	...
	union kho_page_info page_info;
	...
}
+/**
+ * kho_preserved_size - how much preserved memory begins at an address
+ * @phys: the address, which may be anything
+ *
+ * Context: Any.
+ * Return: the size of the piece that was preserved at @phys and was not
+ * restored yet; 0 if there is none.
+ */
+size_t kho_preserved_size(phys_addr_t phys)
+{
+	union kho_page_info info;
+	struct page *page;
+
+	if (!PAGE_ALIGNED(phys))
+		return 0;
+
+	page = pfn_to_online_page(PHYS_PFN(phys));
+	if (!page)
+		return 0;
+
+	info.page_private = page->private;
+	if (info.magic != KHO_PAGE_MAGIC || info.order > MAX_PAGE_ORDER)
+		return 0;
+
+	return PAGE_SIZE << info.order;
+}
+EXPORT_SYMBOL_GPL(kho_preserved_size);
