// SPDX-License-Identifier: GPL-2.0-only

struct vfio_pci_device *vfio_pci_device_init_fd(int fd, const char *bdf,
						struct iommu *iommu)
{
	struct vfio_pci_device *device = vfio_pci_device_alloc(bdf, iommu);

	device->fd = fd;
	vfio_device_bind_iommufd(fd, iommu->iommufd, NULL, &device->dev_id);
	vfio_pci_device_setup(device);
	vfio_pci_driver_probe(device);

	return device;
}
