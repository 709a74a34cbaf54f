// SPDX-License-Identifier: GPL-2.0
//
// Once: pci_liveupdate_remove_vfs(dev);
//
// A physical function without a driver may have virtual ones.

@@
identifier dev;
@@
pci_stop_dev(struct pci_dev *dev)
{
	...
	device_release_driver(&dev->dev);
+	pci_liveupdate_remove_vfs(dev);
	...
}
