/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Live update: the blob that crosses it, and the tables in it
 */
#ifndef _INTEL_LIVEUPDATE_BLOB_H_
#define _INTEL_LIVEUPDATE_BLOB_H_

#include <linux/kho/abi/intel_iommu.h>
#include <linux/types.h>

#include "entry_format.h"

typedef bool (*liveupdate_page_fn)(void *arg, phys_addr_t page);

void liveupdate_list_seal(struct vtd_pages_ser *list);
void liveupdate_blob_seal(struct vtd_ser *blob);
const char *liveupdate_blob_check(const struct vtd_ser *blob, size_t size,
				  liveupdate_page_fn is_preserved, void *arg);
bool liveupdate_walk_table(const struct vtd_device_ser *device,
			   liveupdate_page_fn visit, void *arg);
void liveupdate_visit_contexts(const struct vtd_unit_ser *unit,
			       void (*visit)(phys_addr_t page));
struct context_words liveupdate_context(const struct vtd_device_ser *device,
					unsigned int index);

#endif /* _INTEL_LIVEUPDATE_BLOB_H_ */
