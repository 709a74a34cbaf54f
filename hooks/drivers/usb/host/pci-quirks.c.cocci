// SPDX-License-Identifier: GPL-2.0
//
// Once: if (pci_liveupdate_is_incoming(pdev))
// Once: #include <linux/pci_liveupdate.h>
//
// A host controller that does DMA through a live update was not left by firmware.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier pdev, is_rpi;
@@
quirk_usb_early_handoff(struct pci_dev *pdev)
{
	...
	bool is_rpi;
+
+	if (pci_liveupdate_is_incoming(pdev))
+		return;
	...
}
