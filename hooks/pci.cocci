// SPDX-License-Identifier: GPL-2.0
//
// File: drivers/pci/pci-driver.c
// Once: && !pci_liveupdate_is_kept(
// Once: #include <linux/pci_liveupdate.h>
//
// Before a kexec the PCI core turns bus mastering off, for every device and
// every bridge, whatever its driver. A device that is preserved has to go on
// with DMA, and the bridges above it with forwarding that.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier dev, pdev;
expression in_d3;
@@
static void pci_device_shutdown(struct device *dev)
{
	...
	struct pci_dev *pdev = ...;
	<...
-	if (kexec_in_progress && in_d3)
+	if (kexec_in_progress && in_d3 && !pci_liveupdate_is_kept(pdev))
		pci_clear_master(pdev);
	...>
}
