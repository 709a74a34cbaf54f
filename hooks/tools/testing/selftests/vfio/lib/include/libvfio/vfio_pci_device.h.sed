# Step: selftest
# What iommufd calls the device: a page table is made for that.
# Once: u32 dev_id;
/^struct vfio_pci_device \{$/,/^\};$/s/^\tint group_fd;$/&\n\t\/* What iommufd calls the device, in mode iommufd *\/\n\tu32 dev_id;/
# Once: int __vfio_device_bind_iommufd(int device_fd, int iommufd, const char *vf_token,
s/^(int __vfio_device_bind_iommufd\(int device_fd, int iommufd, const char \*vf_token)\);$/\1,\n\t\t\t       u32 *dev_id);/
# Step: live-selftest
# Once: struct vfio_pci_device *vfio_pci_device_init_fd(
s/^struct vfio_pci_device \*vfio_pci_device_init\(.*$/&\n\/*\n * Of a file that is open, as one that comes from the kernel before in a\n * live update. It is bound to @iommu, but not attached.\n *\/\nstruct vfio_pci_device *vfio_pci_device_init_fd(int fd, const char *bdf,\n\t\t\t\t\t\tstruct iommu *iommu);/
