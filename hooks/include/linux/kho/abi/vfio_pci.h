/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_VFIO_PCI_H
#define _LINUX_KHO_ABI_VFIO_PCI_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * DOC: VFIO PCI live update ABI
 *
 * What is handed over of the file of a VFIO PCI device, by the file handler
 * %VFIO_PCI_LUO_FH_COMPATIBLE: the physical address of a &struct vfio_pci_ser.
 *
 * Kernels of different age meet here. Whoever changes the layout counts
 * %VFIO_PCI_SER_VERSION up.
 */

/* The compatible string of the file handler */
#define VFIO_PCI_LUO_FH_COMPATIBLE	"vfio-pci-cdev-v1"

#define VFIO_PCI_SER_MAGIC		0x5646494f	/* VFIO */
#define VFIO_PCI_SER_VERSION		3

/* The device can be reset. That is found out where it is opened, by doing so. */
#define VFIO_PCI_SER_RESET_WORKS	BIT(0)

/**
 * struct vfio_pci_ser - what is handed over of a device's file
 * @magic: %VFIO_PCI_SER_MAGIC
 * @version: %VFIO_PCI_SER_VERSION
 * @length: size of this
 * @crc: CRC-32 of all that follows
 * @segment: PCI segment
 * @sid: bus, device and function
 * @flags: %VFIO_PCI_SER_RESET_WORKS
 */
struct vfio_pci_ser {
	u32 magic;
	u32 version;
	u32 length;
	u32 crc;
	u16 segment;
	u16 sid;
	u32 flags;
};

#endif /* _LINUX_KHO_ABI_VFIO_PCI_H */
