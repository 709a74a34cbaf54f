// SPDX-License-Identifier: GPL-2.0-only
//
// Once: const struct vfio_device_ops vfio_pci_ops = {
// Once: struct pci_driver vfio_pci_driver = {
// Once: vfio_pci_liveupdate_init();
// Once: goto err_liveupdate;
//
// Files of devices are handed over by the driver itself, be it built in or a
// module: no device is bound to it before it is registered, nor after.

@@
@@
- static const struct vfio_device_ops vfio_pci_ops
+ const struct vfio_device_ops vfio_pci_ops
	= {
	...
};

@@
@@
- static struct pci_driver vfio_pci_driver
+ struct pci_driver vfio_pci_driver
	= {
	...
};

@@
identifier ret;
@@
vfio_pci_init(...)
{
	int ret;
+
+	vfio_pci_liveupdate_init();
	...
	ret = pci_register_driver(...);
	if (ret)
-		return ret;
+		goto err_liveupdate;
	...
	return 0;
+
+err_liveupdate:
+	vfio_pci_liveupdate_cleanup();
+	return ret;
}

@@
@@
vfio_pci_cleanup(...)
{
	...
	pci_unregister_driver(...);
+	vfio_pci_liveupdate_cleanup();
}
