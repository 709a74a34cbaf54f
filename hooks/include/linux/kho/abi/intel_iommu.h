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

#define VTD_SER_VERSION		3

/* Which record it is */
#define VTD_SER_MAGIC		0x5654442d4c495645ULL	/* VTD-LIVE */
#define VTD_SER_UNIT_MAGIC	0x5654442d554e4954ULL	/* VTD-UNIT */
#define VTD_SER_DEVICE_MAGIC	0x5654442d46554e43ULL	/* VTD-FUNC */

/* How a device is translated */
enum vtd_ser_kind {
	VTD_SER_LEGACY		= 1,
	VTD_SER_SECOND_STAGE	= 2,
	VTD_SER_FIRST_STAGE	= 3,
};

/* The record is complete. Without it the device was blocked at the jump. */
#define VTD_SER_DEVICE_READY	BIT(0)

/**
 * struct vtd_record_ser - how a record begins
 * @magic: which one it is
 * @version: %VTD_SER_VERSION
 * @length: size of the record
 * @crc: CRC-32 of the record with 0 in this place
 * @reserved: 0
 * @next: physical address of the next record of its chain; 0 ends it
 *
 * Each record has a page of its own, which is preserved by itself.
 */
struct vtd_record_ser {
	u64 magic;
	u32 version;
	u32 length;
	u32 crc;
	u32 reserved;
	u64 next;
};

/**
 * struct vtd_ser - where it begins
 * @record: of %VTD_SER_MAGIC; next is the first unit
 */
struct vtd_ser {
	struct vtd_record_ser record;
};

/**
 * struct vtd_unit_ser - a unit that translates through the jump
 * @record: of %VTD_SER_UNIT_MAGIC
 * @reg: physical address of its registers, which is what identifies it
 * @rtaddr: its root table address register: mode, and the root table. That and
 *          the context tables it points to have entries of its devices and no
 *          others.
 * @irq_table: the page with its interrupt remapping table, in which every entry
 *             is absent; 0 if it does not remap interrupts
 * @devices: physical address of its first device; 0 if there is none
 */
struct vtd_unit_ser {
	struct vtd_record_ser record;
	u64 reg;
	u64 rtaddr;
	u64 irq_table;
	u64 devices;
};

/**
 * struct vtd_device_ser - a device that does DMA through the jump
 * @record: of %VTD_SER_DEVICE_MAGIC
 * @segment: its PCI segment
 * @nr_sids: number of entries of @sid
 * @did: tags what the unit caches of its translations
 * @kind: &enum vtd_ser_kind
 * @flags: %VTD_SER_DEVICE_READY
 * @pages_crc: CRC-32 of the addresses of the pages of its page table, each an
 *             u64, as a walk in the order of IOVAs comes to them, a table before
 *             those that it points to
 * @nr_pages: number of these pages. Each is preserved by itself.
 * @context: its context entry; that of an alias does not serve ATS
 * @entry: scalable mode: words 0 to 2 of the PASID entry of its requests
 *         without PASID; the others are zero
 * @pasid_dir: scalable mode: page with its PASID directory
 * @pasid_table: scalable mode: page with @entry
 * @sid: the requester IDs of its DMA: its own, then its DMA aliases
 */
struct vtd_device_ser {
	struct vtd_record_ser record;
	u16 segment;
	u16 nr_sids;
	u16 did;
	u16 kind;
	u32 flags;
	u32 pages_crc;
	u64 nr_pages;
	u64 context[2];
	u64 entry[3];
	u64 pasid_dir;
	u64 pasid_table;
	u16 sid[];
};

#endif /* _LINUX_KHO_ABI_INTEL_IOMMU_H */
