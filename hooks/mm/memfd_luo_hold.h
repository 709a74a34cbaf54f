/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of a file that came in stays where it is
 */
#ifndef _MM_MEMFD_LUO_HOLD_H
#define _MM_MEMFD_LUO_HOLD_H

#include <linux/kho/abi/memfd.h>
#include <linux/types.h>

struct folio;
struct liveupdate_file_op_args;

int memfd_luo_hold(struct liveupdate_file_op_args *args,
		   struct memfd_luo_folio_ser *folios, u64 nr_folios);
void memfd_luo_keep_size(struct file *file, bool keep);
struct folio *memfd_luo_get_folio(phys_addr_t phys);
void memfd_luo_release(struct liveupdate_file_op_args *args);

#endif /* _MM_MEMFD_LUO_HOLD_H */
