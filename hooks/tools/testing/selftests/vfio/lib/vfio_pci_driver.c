// SPDX-License-Identifier: GPL-2.0-only

void vfio_pci_driver_resume(struct vfio_pci_device *device)
{
	struct vfio_pci_driver *driver = &device->driver;

	VFIO_ASSERT_NOT_NULL(driver->region.vaddr);
	VFIO_CHECK_DRIVER_OP(driver, resume);

	driver->ops->resume(device);

	driver->initialized = true;
}
