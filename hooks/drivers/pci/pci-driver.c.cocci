// SPDX-License-Identifier: GPL-2.0
//
// Once: if (!pci_liveupdate_may_bind(
// Once: error = pci_liveupdate_may_probe(pci_dev, drv);
// Once: if (!pci_liveupdate_is_incoming(
// Once: #include <linux/pci_liveupdate.h>
//
// Before a kexec the PCI core turns bus mastering off, for every device and
// every bridge, whatever its driver. A device that is preserved has to go on
// with DMA, and the bridges above it with forwarding that.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

// In the next kernel whatever driver is built in would bind to the device while
// the kernel boots, reset it, and map its own memory for it, before anybody can
// say that it is to be vfio-pci's.
@@
identifier dev, drv, pdev;
@@
pci_bus_match(struct device *dev, const struct device_driver *drv)
{
	...
	if (pci_dev_binding_disallowed(pdev))
		return 0;
+	if (!pci_liveupdate_may_bind(pdev))
+		return 0;
	...
}

// Whoever gets a physical function may do anything to virtual ones.
@@
identifier pci_dev;
@@
pci_device_probe(...)
{
	...
	if (!pci_device_can_probe(pci_dev))
		return -ENODEV;
+
+	error = pci_liveupdate_may_probe(pci_dev, drv);
+	if (error)
+		return error;
	...
}

// How requests are routed does not change while they are under way.
@@
expression pdev;
@@
pci_dma_configure(...)
{
	...
-	pci_enable_acs(pdev);
+	if (!pci_liveupdate_is_incoming(pdev))
+		pci_enable_acs(pdev);
	...
}
