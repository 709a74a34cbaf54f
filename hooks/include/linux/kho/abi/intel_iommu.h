/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_INTEL_IOMMU_H
#define _LINUX_KHO_ABI_INTEL_IOMMU_H

#include <linux/bits.h>
#include <linux/types.h>

/**
 * DOC: VT-d live update ABI
 *
 * What one kernel hands to the next so that devices translate all the time. The
 * file-lifecycle-bound object %IOMMU_LUO_FLB_COMPATIBLE has the physical address
 * of a &struct vtd_ser. All fields are in the byte order of the machine.
 *
 * Kernels of different age meet here. Whoever changes the layout counts
 * %VTD_SER_VERSION up.
 */

/* What an image says that it takes, with the version */
#define VTD_SER_COMPATIBLE	"intel-iommu-v1"

#define VTD_SER_MAGIC		0x5644542d4c495645ULL	/* VDT-LIVE */
#define VTD_SER_VERSION		2
#define VTD_SER_MAX_UNITS	64
#define VTD_SER_MAX_DEVICES	128
#define VTD_SER_MAX_SIDS	8

/* How a device is translated */
enum vtd_ser_kind {
	VTD_SER_LEGACY		= 1,
	VTD_SER_SECOND_STAGE	= 2,
	VTD_SER_FIRST_STAGE	= 3,
};

/* The record is complete. Without it the device was blocked at the jump. */
#define VTD_SER_DEVICE_READY	BIT(0)

/**
 * struct vtd_unit_ser - a unit that translates through the jump
 * @reg: physical address of its registers, which is what identifies it
 * @rtaddr: its root table address register: mode, and the root table. That and
 *          the context tables it points to have entries of the devices below
 *          and no others.
 * @irq_table: the page with its interrupt remapping table, in which every entry
 *             is absent; 0 if it does not remap interrupts
 */
struct vtd_unit_ser {
	u64 reg;
	u64 rtaddr;
	u64 irq_table;
};

/**
 * struct vtd_device_ser - a device that does DMA through the jump
 * @unit: index of its unit
 * @segment: its PCI segment
 * @nr_sids: number of entries of @sid
 * @sid: the requester IDs of its DMA: its own, then its DMA aliases
 * @did: tags what the unit caches of its translations
 * @kind: &enum vtd_ser_kind
 * @flags: %VTD_SER_DEVICE_READY
 * @context: its context entry; that of an alias does not serve ATS
 * @entry: scalable mode: words 0 to 2 of the PASID entry of its requests
 *         without PASID; the others are zero
 * @pasid_dir: scalable mode: page with its PASID directory
 * @pasid_table: scalable mode: page with @entry
 * @nr_pages: number of pages of its page table. Each is preserved by itself.
 * @pages_crc: CRC-32 of their addresses, each an u64, as a walk in the order of
 *             IOVAs comes to them, a table before those that it points to
 * @reserved: 0
 */
struct vtd_device_ser {
	u32 unit;
	u16 segment;
	u16 nr_sids;
	u16 sid[VTD_SER_MAX_SIDS];
	u16 did;
	u16 kind;
	u32 flags;
	u64 context[2];
	u64 entry[3];
	u64 pasid_dir;
	u64 pasid_table;
	u64 nr_pages;
	u32 pages_crc;
	u32 reserved;
};

/**
 * struct vtd_ser - all of the above
 * @magic: %VTD_SER_MAGIC
 * @version: %VTD_SER_VERSION
 * @length: size of the blob
 * @crc: CRC-32 of the blob with 0 in this place
 * @nr_units: number of entries of @unit
 * @nr_devices: number of entries of @device
 * @reserved: 0
 * @unit: the units
 * @device: the devices
 */
struct vtd_ser {
	u64 magic;
	u32 version;
	u32 length;
	u32 crc;
	u32 nr_units;
	u32 nr_devices;
	u32 reserved;
	struct vtd_unit_ser unit[VTD_SER_MAX_UNITS];
	struct vtd_device_ser device[VTD_SER_MAX_DEVICES];
};

#endif /* _LINUX_KHO_ABI_INTEL_IOMMU_H */
