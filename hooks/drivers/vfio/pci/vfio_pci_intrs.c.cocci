// SPDX-License-Identifier: GPL-2.0
//
// Once: if (vdev->interrupts_lost)
//
// What a device has signalled since the kernel before was told to jump is lost.
// So who sets up a message is woken up once. INTx needs no such thing: its line
// stays asserted until somebody has looked.

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
