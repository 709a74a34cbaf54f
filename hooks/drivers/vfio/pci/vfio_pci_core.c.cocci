// SPDX-License-Identifier: GPL-2.0
//
// Once: bool running = pci_liveupdate_is_retrieved(pdev)
// Once: if (!running && pci_num_vf(pdev) && pci_liveupdate_is_incoming(pdev))
// Once: if (pci_num_vf(pdev) && !pci_liveupdate_is_incoming(pdev)) {
// Once: ret = pci_num_vf(pdev) ? 0 : pci_enable_sriov(pdev, nr_virtfn);
// Once: ret = vfio_pci_core_sriov_configure(vdev, pci_num_vf(pdev));
// Once: vfio_pci_notice_device);
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
identifier pdev, vdev, ret, msix_pos;
@@
int vfio_pci_core_enable(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
+	bool running = pci_liveupdate_is_retrieved(pdev);
	int ret;
	...
	u8 msix_pos;
+
+	if (!running && pci_num_vf(pdev) && pci_liveupdate_is_incoming(pdev))
+		return -EBUSY;
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

// A physical function that came in may have virtual ones that run. They are taken
// over as if its user had made them; to open it without going on with it would stop
// them.
@@
identifier vdev, pdev;
@@
int vfio_pci_core_register_device(struct vfio_pci_core_device *vdev)
{
	<...
-	if (pci_num_vf(pdev)) {
+	if (pci_num_vf(pdev) && !pci_liveupdate_is_incoming(pdev)) {
		...
	}
	...>
}

@@
identifier vdev, ret;
@@
int vfio_pci_core_register_device(struct vfio_pci_core_device *vdev)
{
	...
	ret = vfio_register_group_dev(&vdev->vdev);
	if (ret)
		goto out_power;
+
+	if (pci_num_vf(pdev)) {
+		ret = vfio_pci_core_sriov_configure(vdev, pci_num_vf(pdev));
+		if (ret < 0) {
+			vfio_unregister_group_dev(&vdev->vdev);
+			goto out_power;
+		}
+		bus_for_each_dev(&pci_bus_type, NULL, vdev, vfio_pci_notice_device);
+	}
	...
}

@@
identifier vdev, pdev, ret, nr_virtfn;
@@
int vfio_pci_core_sriov_configure(struct vfio_pci_core_device *vdev, int nr_virtfn)
{
	<...
-	ret = pci_enable_sriov(pdev, nr_virtfn);
+	ret = pci_num_vf(pdev) ? 0 : pci_enable_sriov(pdev, nr_virtfn);
	...>
}
