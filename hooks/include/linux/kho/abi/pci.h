/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_PCI_H
#define _LINUX_KHO_ABI_PCI_H

#include <linux/bits.h>
#include <linux/kho/abi/block.h>
#include <linux/pci.h>
#include <linux/types.h>

/**
 * DOC: PCI live update ABI
 *
 * What one kernel hands to the next of PCI devices that go on with DMA, and of
 * the bridges above them. The file-lifecycle-bound object %PCI_LUO_FLB_COMPATIBLE
 * has the physical address of a &struct pci_ser.
 *
 * Kernels of different age meet here. Whoever changes the layout counts
 * %PCI_SER_VERSION up.
 */

/* The compatible string of the file-lifecycle-bound object */
#define PCI_LUO_FLB_COMPATIBLE	"pci-v1"

#define PCI_SER_MAGIC		0x50434953	/* PCIS */
#define PCI_SER_VERSION		3

/* Behind standard BARs: the expansion ROM, and BARs of virtual functions */
#define PCI_SER_ROM		PCI_STD_NUM_BARS
#define PCI_SER_VF_BARS		(PCI_SER_ROM + 1)
#define PCI_SER_BARS		(PCI_SER_VF_BARS + PCI_STD_NUM_BARS)

/* INTx cannot be masked, which could only be found out by trying. */
#define PCI_SER_INTX_STAYS	BIT(0)
/* It is handed over itself, not only for the sake of others. */
#define PCI_SER_DEVICE		BIT(1)
/* Drivers are not to be bound to virtual functions unasked. */
#define PCI_SER_NO_AUTOPROBE	BIT(2)

/**
 * struct pci_sriov_ser - SR-IOV of a device, as its registers say
 * @control: %PCI_SRIOV_CTRL
 * @num_vfs: %PCI_SRIOV_NUM_VF
 * @offset: %PCI_SRIOV_VF_OFFSET
 * @stride: %PCI_SRIOV_VF_STRIDE
 * @page_size: %PCI_SRIOV_SYS_PGSIZE
 */
struct pci_sriov_ser {
	u16 control;
	u16 num_vfs;
	u16 offset;
	u16 stride;
	u32 page_size;
};

/**
 * struct pci_dev_ser - a device that is handed over, or what some depend on: a
 *			bridge above them, or a physical function
 * @segment: its PCI segment
 * @sid: its bus, device and function
 * @vendor: what it says it is
 * @device: what it says it is
 * @flags: %PCI_SER_INTX_STAYS, %PCI_SER_DEVICE, %PCI_SER_NO_AUTOPROBE
 * @refcount: how many devices are handed over: itself, and those that depend on
 *            it; 0 if this place is free
 * @buses: of a bridge: its primary, secondary and subordinate bus number, as
 *         they stand in its register %PCI_PRIMARY_BUS
 * @vf_buses: the last bus that virtual functions can be on, however many there
 *            are: only to be found out while there is none
 * @sriov: of a physical function
 * @bar: its BARs as they stand in their registers, without %PCI_ROM_ADDRESS_ENABLE
 * @size: how much each of them decodes; 0 if that is not to be had. To find out
 *        otherwise, they would have to be written, with memory decode off.
 */
struct pci_dev_ser {
	u32 segment;
	u16 sid;
	u16 vendor;
	u16 device;
	u16 flags;
	u32 refcount;
	u32 buses;
	u32 vf_buses;
	struct pci_sriov_ser sriov;
	u32 bar[PCI_SER_BARS];
	u64 size[PCI_SER_BARS];
};

/* How many fit into a page */
#define PCI_SER_PER_BLOCK \
	((KHO_BLOCK_SIZE - sizeof(struct kho_block_header_ser)) / \
	 sizeof(struct pci_dev_ser))

/**
 * struct pci_ser - all of the above
 * @magic: %PCI_SER_MAGIC
 * @version: %PCI_SER_VERSION
 * @nr_records: how many records there are, with those that are free
 * @reserved: 0
 * @records: physical address of the first page of them, 0 if there is none.
 *           Pages are chained, see &struct kho_block_header_ser.
 */
struct pci_ser {
	u32 magic;
	u32 version;
	u32 nr_records;
	u32 reserved;
	u64 records;
};

#endif /* _LINUX_KHO_ABI_PCI_H */
