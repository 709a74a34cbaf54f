/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The format of AMD's device table entries as a table of fields
 *
 * For KUnit and for user space.
 */
#ifndef _AMD_IOMMU_DTE_LAYOUT_H_
#define _AMD_IOMMU_DTE_LAYOUT_H_

#include "../entry_sync_layout.h"

extern const struct entry_layout amd_iommu_dte_layout;

void amd_iommu_dte_compare(struct entry_sync_check *ck,
			   void (*print)(const char *line));

#endif /* _AMD_IOMMU_DTE_LAYOUT_H_ */
