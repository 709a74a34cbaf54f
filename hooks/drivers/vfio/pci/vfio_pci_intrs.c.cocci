// SPDX-License-Identifier: GPL-2.0
//
// Once: if (vdev->interrupts_lost)
// Once: pci_liveupdate_drop_messages(pdev);
// Once: #include <linux/pci_liveupdate.h>
//
// What a device has signalled since the kernel before was told to jump is lost.
// So who sets up a message is woken up once. INTx needs no such thing: its line
// stays asserted until somebody has looked; but messages that the kernel before
// had enabled are in its way.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier pdev, vdev;
@@
vfio_intx_enable(struct vfio_pci_core_device *vdev, ...)
{
	...
	if (!pdev->irq || pdev->irq == IRQ_NOTCONNECTED)
		return -ENODEV;
+
+	pci_liveupdate_drop_messages(pdev);
	...
}

@@
identifier vdev, ctx, trigger;
@@
vfio_msi_set_vector_signal(struct vfio_pci_core_device *vdev, ...)
{
	...
	ctx->trigger = trigger;
+	if (vdev->interrupts_lost)
+		eventfd_signal(trigger);
	...
}
