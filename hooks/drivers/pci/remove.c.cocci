// SPDX-License-Identifier: GPL-2.0
//
// Once: if (!pci_dev_test_and_clear_added(dev)) {
//
// A physical function without a driver may have virtual ones, or have had them when
// it was enumerated.

@@
identifier dev;
@@
pci_stop_dev(struct pci_dev *dev)
{
	...
	if (!pci_dev_test_and_clear_added(dev))
-		return;
+	{
+		pci_liveupdate_remove_vfs(dev);
+		return;
+	}
	...
	device_release_driver(&dev->dev);
+	pci_liveupdate_remove_vfs(dev);
	...
}
