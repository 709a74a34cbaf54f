// SPDX-License-Identifier: GPL-2.0
//
// Once: pci_liveupdate_add_vfs(dev);
//
// Virtual functions that do DMA through a live update come with the physical one.

@@
identifier dev;
@@
pci_bus_add_device(struct pci_dev *dev)
{
	...
	pci_dev_assign_added(dev);
+	pci_liveupdate_add_vfs(dev);
}
