// SPDX-License-Identifier: GPL-2.0
//
// Once: bool running = pci_liveupdate_is_retrieved(pdev)
// Once: ret = running ? 0 :
// Once: pdev->saved_config_space[PCI_COMMAND / 4] &=
// Once: if (vdev->pci_2_3 && !running &&
// Once: vdev->interrupts_lost = false;
// Once: #include <linux/pci_liveupdate.h>
//
// A device that user space opens is stopped and reset, so that it starts from
// a known state. One that was retrieved after a live update is running for the
// same user, and must go on. Whether it can be reset is known from before. What
// is restored when it is closed has it stopped all the same.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier pdev, vdev, ret;
@@
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
+	bool running = pci_liveupdate_is_retrieved(pdev);
	int ret;
	...
-	pci_clear_master(pdev);
+	if (!running)
+		pci_clear_master(pdev);
	...
-	ret = pci_try_reset_function(pdev);
+	ret = running ? 0 : pci_try_reset_function(pdev);
	...
}

@@
identifier pdev, vdev, ret;
@@
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev)
{
	<...
-	vdev->reset_works = !ret;
+	if (!running)
+		vdev->reset_works = !ret;
	pci_save_state(pdev);
+	pdev->saved_config_space[PCI_COMMAND / 4] &= ~PCI_COMMAND_MASTER;
	...>
}

@@
identifier vdev, cmd;
@@
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev)
{
	<...
-	if (vdev->pci_2_3 && (cmd & PCI_COMMAND_INTX_DISABLE)) {
+	if (vdev->pci_2_3 && !running && (cmd & PCI_COMMAND_INTX_DISABLE)) {
		...
	}
	...>
}

@@
identifier vdev;
@@
vfio_pci_core_disable(struct vfio_pci_core_device *vdev)
{
	<...
	vdev->needs_reset = true;
+	vdev->interrupts_lost = false;
	...>
}
