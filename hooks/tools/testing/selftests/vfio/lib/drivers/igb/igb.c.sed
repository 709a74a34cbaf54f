# What is known without asking the device has a function of its own.
/^static void igb_hw_init\(/,/^\}$/{
s/^\t\/\* Initialize driver state and capability limits \*\/$/\t\/* Initialize driver state *\//
/^\tigb->rx_tail = 0;$/{
n
d
}
/^\tdevice->driver\./d
}
# Once: static void igb_driver_setup(
/^static void igb_init\(/,/^\}$/{
s/^static void igb_init\(.*$/static void igb_driver_setup(struct vfio_pci_device *device)\n{\n\tto_igb_state(device)->bar0 = device->bars[0].vaddr;\n\n\tdevice->driver.max_memcpy_size = IGB_MAX_CHUNK_SIZE;\n\tdevice->driver.max_memcpy_count = RING_SIZE - 1;\n\tdevice->driver.msi = MSIX_VECTOR;\n}\n\n&/
s/^\tigb->bar0 = device->bars\[0\].vaddr;$/\tigb_driver_setup(device);/
}
# Once: static void igb_resume(struct vfio_pci_device *device)
# Once: .resume = igb_resume,
s/^static void igb_irq_disable\(.*$/\/* The rings are in memory, and the device has kept its registers. *\/\nstatic void igb_resume(struct vfio_pci_device *device)\n{\n\tigb_driver_setup(device);\n\tvfio_pci_msix_enable(device, MSIX_VECTOR, 1);\n}\n\n&/
s/^\t\.init = igb_init,$/&\n\t.resume = igb_resume,/
