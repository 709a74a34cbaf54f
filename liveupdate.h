/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one kernel hands to the next so that devices translate all the time
 *
 * The layout is an interface between kernels of different age. Whoever changes
 * it counts %LIVEUPDATE_BLOB_VERSION up. Documentation: live-update.rst.
 */
#ifndef _INTEL_LIVEUPDATE_H_
#define _INTEL_LIVEUPDATE_H_

#include <linux/sizes.h>
#include <linux/types.h>

#include "entry_format.h"
#include "iommu.h"

#define LIVEUPDATE_BLOB_MAGIC	0x5644542d4c495645ULL	/* VDT-LIVE */
#define LIVEUPDATE_BLOB_VERSION	1
#define LIVEUPDATE_MAX_UNITS	64
#define LIVEUPDATE_MAX_DEVICES	128
#define LIVEUPDATE_MAX_SIDS	8

/* How a device is translated */
enum liveupdate_kind {
	LIVEUPDATE_LEGACY		= 1,
	LIVEUPDATE_SECOND_STAGE		= 2,
	LIVEUPDATE_FIRST_STAGE		= 3,
};

/* The record is complete. Without it the device was blocked at the jump. */
#define LIVEUPDATE_DEVICE_READY		BIT(0)

/**
 * struct liveupdate_unit - a unit that translates through the jump
 * @reg: physical address of its registers, which is what identifies it
 * @rtaddr: its root table address register: mode, and the root table. That and
 *          the context tables it points to have entries of the devices below
 *          and no others.
 */
struct liveupdate_unit {
	u64 reg;
	u64 rtaddr;
};

/**
 * struct liveupdate_device - a device that does DMA through the jump
 * @unit: index of its unit
 * @segment: its PCI segment
 * @nr_sids: number of entries of @sid
 * @sid: the requester IDs of its DMA: its own, then its DMA aliases
 * @did: tags what the unit caches of its translations
 * @kind: &enum liveupdate_kind
 * @flags: %LIVEUPDATE_DEVICE_READY
 * @context: its context entry; that of an alias does not serve ATS
 * @entry: scalable mode: words 0 to 2 of the PASID entry of its requests
 *         without PASID; the others are zero
 * @pasid_dir: scalable mode: page with its PASID directory
 * @pasid_table: scalable mode: page with @entry
 * @list: first &struct liveupdate_list of its page table's pages
 * @nr_pages: how many there are
 */
struct liveupdate_device {
	u32 unit;
	u16 segment;
	u16 nr_sids;
	u16 sid[LIVEUPDATE_MAX_SIDS];
	u16 did;
	u16 kind;
	u32 flags;
	u64 context[2];
	u64 entry[3];
	u64 pasid_dir;
	u64 pasid_table;
	u64 list;
	u64 nr_pages;
};

/**
 * struct liveupdate_blob - all of the above
 * @magic: %LIVEUPDATE_BLOB_MAGIC
 * @version: %LIVEUPDATE_BLOB_VERSION
 * @length: size of the blob
 * @crc: CRC-32 of the blob with 0 in this place
 * @nr_units: number of entries of @unit
 * @nr_devices: number of entries of @device
 * @reserved: 0
 * @unit: the units
 * @device: the devices
 */
struct liveupdate_blob {
	u64 magic;
	u32 version;
	u32 length;
	u32 crc;
	u32 nr_units;
	u32 nr_devices;
	u32 reserved;
	struct liveupdate_unit unit[LIVEUPDATE_MAX_UNITS];
	struct liveupdate_device device[LIVEUPDATE_MAX_DEVICES];
};

#define LIVEUPDATE_LIST_PAGES	510

/**
 * struct liveupdate_list - a page full of addresses of pages
 * @next: the next one, 0 after the last
 * @nr: number of entries of @page, at least 1
 * @crc: CRC-32 of this page with 0 in this place
 * @page: addresses of pages of a page table, in no order
 */
struct liveupdate_list {
	u64 next;
	u32 nr;
	u32 crc;
	u64 page[LIVEUPDATE_LIST_PAGES];
};

static_assert(sizeof(struct liveupdate_list) == SZ_4K);

/* The blob itself, and the tables in it (liveupdate_blob.c) */
typedef bool (*liveupdate_page_fn)(void *arg, phys_addr_t page);

void liveupdate_list_seal(struct liveupdate_list *list);
void liveupdate_blob_seal(struct liveupdate_blob *blob);
const char *liveupdate_blob_check(const struct liveupdate_blob *blob,
				  size_t size, liveupdate_page_fn is_preserved,
				  void *arg);
bool liveupdate_walk_table(const struct liveupdate_device *device,
			   liveupdate_page_fn visit, void *arg);
struct context_words liveupdate_context(const struct liveupdate_device *device,
					unsigned int index);

#if IS_ENABLED(CONFIG_KUNIT)
const char *liveupdate_find_obstacle(struct device_domain_info *info);
const char *liveupdate_read_translation(struct device_domain_info *info,
					struct liveupdate_device *record);
#endif

#endif /* _INTEL_LIVEUPDATE_H_ */
