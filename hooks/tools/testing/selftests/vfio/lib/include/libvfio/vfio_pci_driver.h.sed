# Once: void (*resume)(struct vfio_pci_device *device);
/^\t\/\*\*$/{
N
s/^\t\/\*\*\n\t \* remove\(\).*$/\t\/**\n\t * @resume() - Go on with a device that another process has initialized.\n\t *\n\t * Must be called after device->driver.region has been initialized with the\n\t * memory that was that process's. The device may be in the middle of copies\n\t * and is not disturbed. Optional.\n\t *\/\n\tvoid (*resume)(struct vfio_pci_device *device);\n\n&/
}
# Once: void vfio_pci_driver_resume(struct vfio_pci_device *device);
s/^void vfio_pci_driver_init\(struct vfio_pci_device \*device\);$/&\nvoid vfio_pci_driver_resume(struct vfio_pci_device *device);/
