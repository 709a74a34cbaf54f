/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: the blob that crosses it, and the tables in it
 */
#ifndef _INTEL_LIVEUPDATE_BLOB_H_
#define _INTEL_LIVEUPDATE_BLOB_H_

#include <linux/io.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/types.h>

#include "entry_format.h"

typedef bool (*liveupdate_page_fn)(void *arg, phys_addr_t page);

/*
 * A page table
 *
 * @top: the page where it begins
 * @present: what of an entry makes it present
 * @levels: how many levels of tables there are
 */
struct liveupdate_table {
	phys_addr_t top;
	u64 present;
	u64 levels;
};

/* Which pages a page table consists of; all zero before the first one */
struct liveupdate_sum {
	u64 nr_pages;
	u32 crc;
};

/* The record at the address that a chain has, NULL at its end */
static inline void *liveupdate_record_at(u64 address)
{
	return address ? phys_to_virt(address) : NULL;
}

static inline struct vtd_unit_ser *
liveupdate_first_unit(const struct vtd_ser *blob)
{
	return liveupdate_record_at(blob->record.next);
}

static inline struct vtd_unit_ser *
liveupdate_next_unit(const struct vtd_unit_ser *unit)
{
	return liveupdate_record_at(unit->record.next);
}

static inline struct vtd_device_ser *
liveupdate_first_device(const struct vtd_unit_ser *unit)
{
	return liveupdate_record_at(unit->devices);
}

static inline struct vtd_device_ser *
liveupdate_next_device(const struct vtd_device_ser *device)
{
	return liveupdate_record_at(device->record.next);
}

struct liveupdate_table
liveupdate_table_of(const struct vtd_device_ser *device);
bool liveupdate_walk(const struct liveupdate_table *table,
		     liveupdate_page_fn enter,
		     void (*leave)(phys_addr_t page), void *arg);
void liveupdate_sum_add(struct liveupdate_sum *sum, phys_addr_t page);
bool liveupdate_pages_check(const struct vtd_device_ser *device,
			    liveupdate_page_fn is_preserved, void *arg);
void liveupdate_record_seal(struct vtd_record_ser *record);
const char *liveupdate_blob_check(phys_addr_t blob,
				  liveupdate_page_fn is_preserved, void *arg);
void liveupdate_visit_contexts(const struct vtd_unit_ser *unit,
			       void (*visit)(phys_addr_t page));
struct context_words liveupdate_context(const struct vtd_device_ser *device,
					unsigned int index);

#endif /* _INTEL_LIVEUPDATE_BLOB_H_ */
