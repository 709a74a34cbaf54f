/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats of SMMUv3's entries as tables of fields
 *
 * For KUnit and for user space.
 */
#ifndef _ARM_SMMU_V3_LAYOUT_H
#define _ARM_SMMU_V3_LAYOUT_H

#include "../../entry_sync_layout.h"

extern const struct entry_layout arm_smmu_ste_layout;
extern const struct entry_layout arm_smmu_cd_layout;

void arm_smmu_ste_compare(struct entry_sync_check *ck,
			  void (*print)(const char *line));
void arm_smmu_cd_compare(struct entry_sync_check *ck,
			 void (*print)(const char *line));

#endif /* _ARM_SMMU_V3_LAYOUT_H */
