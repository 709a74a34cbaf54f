// SPDX-License-Identifier: GPL-2.0
//
// Once: if (!pci_liveupdate_is_kept(
// Once: ret = pci_liveupdate_is_kept(
// Once: #include <linux/pci_liveupdate.h>
//
// A device that user space opens is stopped and reset, so that it starts from
// a known state. One that was retrieved after a live update is running for the
// same user, and must go on. That says, as it does of a device without a
// method, that reset was not possible.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier pdev, ret;
@@
int vfio_pci_core_enable(...)
{
	...
-	pci_clear_master(pdev);
+	if (!pci_liveupdate_is_kept(pdev))
+		pci_clear_master(pdev);
	...
-	ret = pci_try_reset_function(pdev);
+	ret = pci_liveupdate_is_kept(pdev) ? -ENOTTY :
+		pci_try_reset_function(pdev);
	...
}
