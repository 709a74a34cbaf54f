// SPDX-License-Identifier: GPL-2.0
//
// Once: bool running = pci_liveupdate_size_vf_bars(dev, sriovbars);
// Once: if (ctrl & PCI_SRIOV_CTRL_VFE && !running) {
// Once: rc = running ? pci_liveupdate_adopt_vfs(dev) :
// Once: if (pci_liveupdate_keep_vfs(pdev)) {
// Once: ctrl & PCI_SRIOV_CTRL_ARI);
// Once: if (pci_liveupdate_is_incoming(dev)) {
// Once: #include <linux/pci_liveupdate.h>
// Once: #include "liveupdate.h"
//
// Virtual functions that do DMA through a live update end with VF Enable, and
// nothing of the capability may be written while that is set. So it is read. ARI of
// the lowest physical function is that of all.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
@@
+ #include "liveupdate.h"
#include "pci.h"

@@
identifier dev, pos, ctrl;
expression pgsz;
@@
sriov_init(struct pci_dev *dev, int pos)
{
	...
	u32 sriovbars[PCI_SRIOV_NUM_BARS];
+	bool running = pci_liveupdate_size_vf_bars(dev, sriovbars);
	...
	if (
-	    ctrl & PCI_SRIOV_CTRL_VFE
+	    ctrl & PCI_SRIOV_CTRL_VFE && !running
	   ) {
-		pci_write_config_word(dev, pos + PCI_SRIOV_CTRL, 0);
+		pci_write_config_word(dev, pos + PCI_SRIOV_CTRL,
+				      ctrl & PCI_SRIOV_CTRL_ARI);
		...
	}
	...
found:
-	pci_write_config_word(dev, pos + PCI_SRIOV_CTRL, ctrl);
+	if (!running)
+		pci_write_config_word(dev, pos + PCI_SRIOV_CTRL, ctrl);
	...
-	pci_write_config_dword(dev, pos + PCI_SRIOV_SYS_PGSIZE, pgsz);
+	if (!running)
+		pci_write_config_dword(dev, pos + PCI_SRIOV_SYS_PGSIZE, pgsz);
	...
-	__pci_size_stdbars(dev, PCI_SRIOV_NUM_BARS, pos + PCI_SRIOV_BAR, sriovbars);
+	if (!running)
+		__pci_size_stdbars(dev, PCI_SRIOV_NUM_BARS, pos + PCI_SRIOV_BAR, sriovbars);
	...
}

@@
identifier dev, rc;
@@
sriov_init(struct pci_dev *dev, ...)
{
	<...
-	rc = compute_max_vf_buses(dev);
+	rc = running ? pci_liveupdate_adopt_vfs(dev) :
+		       compute_max_vf_buses(dev);
	...>
}

// Nor does their number change before the update is finished.
@@
identifier pdev, num_vfs;
@@
sriov_numvfs_store(...)
{
	...
	if (num_vfs == pdev->sriov->num_VFs)
		goto exit;
+
+	if (pci_liveupdate_keep_vfs(pdev)) {
+		ret = -EBUSY;
+		goto exit;
+	}
	...
}

// Whoever lets go of a physical function takes virtual ones from their drivers. They
// run all the same as long as they are awaited.
@@
identifier dev, iov;
@@
sriov_disable(struct pci_dev *dev)
{
	struct pci_sriov *iov = dev->sriov;
	...
	sriov_del_vfs(dev);
+	if (pci_liveupdate_is_incoming(dev)) {
+		sriov_add_vfs(dev, iov->num_VFs);
+		return;
+	}
	...
}
