/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The formats of VT-d's context and PASID entries
 *
 * Fields, which of them hardware looks at, and how entries are built. Knows
 * neither devices nor domains, and depends on nothing but the bits.
 */
#ifndef _INTEL_ENTRY_FORMAT_H_
#define _INTEL_ENTRY_FORMAT_H_

#include <linux/bits.h>
#include <linux/types.h>

/* Legacy context entry, word 0 */
#define CONTEXT_P		BIT_ULL(0)
#define CONTEXT_FPD		BIT_ULL(1)
#define CONTEXT_TT		GENMASK_ULL(3, 2)
#define CONTEXT_SSPTPTR		GENMASK_ULL(63, 12)
/* Legacy context entry, word 1 */
#define CONTEXT_AW		GENMASK_ULL(2, 0)
#define CONTEXT_DID		GENMASK_ULL(23, 8)

/* Values of the TT field */
enum context_tt {
	CONTEXT_TT_SECOND_STAGE		= 0,
	CONTEXT_TT_SECOND_STAGE_ATS	= 1,
	CONTEXT_TT_PT			= 2,
};

/* Scalable mode context entry, word 0; P and FPD are where legacy has them */
#define CONTEXT_SM_DTE		BIT_ULL(2)
#define CONTEXT_SM_PASIDE	BIT_ULL(3)
#define CONTEXT_SM_PRE		BIT_ULL(4)
#define CONTEXT_SM_PDTS		GENMASK_ULL(11, 9)
#define CONTEXT_SM_PASIDDIRPTR	GENMASK_ULL(63, 12)
/* Scalable mode context entry, word 1 */
#define CONTEXT_SM_RID_PASID	GENMASK_ULL(19, 0)

/* PASID entry, word 0 */
#define PASID_PE_P		BIT_ULL(0)
#define PASID_PE_FPD		BIT_ULL(1)
#define PASID_PE_AW		GENMASK_ULL(4, 2)
#define PASID_PE_PGTT		GENMASK_ULL(8, 6)
#define PASID_PE_SSADE		BIT_ULL(9)
#define PASID_PE_SSPTPTR	GENMASK_ULL(63, 12)
/* PASID entry, word 1 */
#define PASID_PE_DID		GENMASK_ULL(15, 0)
#define PASID_PE_PWSNP		BIT_ULL(23)
#define PASID_PE_PGSNP		BIT_ULL(24)
/* PASID entry, word 2 */
#define PASID_PE_SRE		BIT_ULL(0)
#define PASID_PE_FSPM		GENMASK_ULL(3, 2)
#define PASID_PE_WPE		BIT_ULL(4)
#define PASID_PE_EAFE		BIT_ULL(7)
#define PASID_PE_FSPTPTR	GENMASK_ULL(63, 12)

/* Values of the PGTT field */
enum pasid_pgtt {
	PASID_ENTRY_PGTT_FL_ONLY	= 1,
	PASID_ENTRY_PGTT_SL_ONLY	= 2,
	PASID_ENTRY_PGTT_NESTED		= 3,
	PASID_ENTRY_PGTT_PT		= 4,
};

/*
 * Aligned as hardware wants live entries, so that entry_sync can plan from
 * others, too. Of a context entry this is the part in use in both modes.
 */
struct context_words {
	u64 val[2];
} __aligned(16);

struct pasid_entry {
	u64 val[8];
} __aligned(16);

/* A page table as an entry sees it */
struct pasid_first_stage {
	phys_addr_t fsptptr;
	bool five_level;
	bool page_snoop;
	bool walk_snoop;
	/* A user's table only */
	bool supervisor;
	bool write_protect;
	bool extended_access;
};

struct pasid_second_stage {
	phys_addr_t ssptptr;
	u8 aw;
	bool walk_snoop;
	bool dirty_tracking;
};

void context_entry_get_used_legacy(const u64 *entry, u64 *used);
void context_entry_get_used_scalable(const u64 *entry, u64 *used);
void context_entry_get_update_safe(const u64 *cur, const u64 *target,
				   u64 *safe);
void context_entry_make_second_stage(struct context_words *ce, u16 did,
				     phys_addr_t ssptptr, u8 aw, bool ats);
void context_entry_make_alias(struct context_words *ce);
void context_entry_make_pass_through(struct context_words *ce, u16 did, u8 aw);
void context_entry_make_scalable(struct context_words *ce, phys_addr_t dir,
				 u32 entries, u64 flags);

void pasid_entry_get_used(const u64 *entry, u64 *used);
void pasid_entry_get_update_safe(const u64 *cur, const u64 *target, u64 *safe);
void pasid_entry_make_first_stage(struct pasid_entry *pe, u16 did, u8 aw,
				  const struct pasid_first_stage *fs);
void pasid_entry_make_second_stage(struct pasid_entry *pe, u16 did,
				   const struct pasid_second_stage *ss);
void pasid_entry_make_nested(struct pasid_entry *pe, u16 did,
			     const struct pasid_first_stage *fs,
			     const struct pasid_second_stage *ss);
void pasid_entry_make_pass_through(struct pasid_entry *pe, u16 did, u8 aw,
				   bool walk_snoop);

#endif /* _INTEL_ENTRY_FORMAT_H_ */
