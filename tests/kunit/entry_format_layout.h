/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats of VT-d's entries as tables of fields
 *
 * For KUnit and for user space.
 */
#ifndef _INTEL_ENTRY_FORMAT_LAYOUT_H_
#define _INTEL_ENTRY_FORMAT_LAYOUT_H_

#include "../../entry_sync_layout.h"

extern const struct entry_layout pasid_layout;
extern const struct entry_layout context_legacy_layout;
extern const struct entry_layout context_scalable_layout;

void pasid_layout_check_table(unsigned int quantum_words,
			      struct entry_sync_check *ck,
			      void (*print)(const char *line));

#endif /* _INTEL_ENTRY_FORMAT_LAYOUT_H_ */
