// SPDX-License-Identifier: GPL-2.0
/*
 * The formats of VT-d's context and PASID entries
 *
 * Entries are built here on the stack; entry_sync moves them into the live
 * tables.
 */

#include <linux/bitfield.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "entry_format.h"

/**
 * context_entry_get_used_legacy - the bits of a legacy context entry that
 *				   hardware looks at
 * @entry: the entry's 2 words
 * @used: set to the mask
 *
 * &entry_sync_ops.get_used for VT-d spec, section 9.3 (Context Entry).
 *
 * Context: Any.
 */
void context_entry_get_used_legacy(const u64 *entry, u64 *used)
{
	used[0] = CONTEXT_P | CONTEXT_FPD;
	if (!(entry[0] & CONTEXT_P))
		return;

	used[0] |= CONTEXT_TT;
	used[1] = CONTEXT_AW | CONTEXT_DID;
	if (FIELD_GET(CONTEXT_TT, entry[0]) != CONTEXT_TT_PT)
		used[0] |= CONTEXT_SSPTPTR;
}

/**
 * context_entry_get_used_scalable - the bits of a scalable mode context entry
 *				     that hardware looks at
 * @entry: the entry's low 2 words; the other two are reserved
 * @used: set to the mask
 *
 * &entry_sync_ops.get_used for VT-d spec, section 9.4 (Scalable-Mode Context
 * Entry).
 *
 * Context: Any.
 */
void context_entry_get_used_scalable(const u64 *entry, u64 *used)
{
	used[0] = CONTEXT_P | CONTEXT_FPD;
	if (!(entry[0] & CONTEXT_P))
		return;

	used[0] |= CONTEXT_SM_DTE | CONTEXT_SM_PASIDE | CONTEXT_SM_PRE |
		   CONTEXT_SM_PDTS | CONTEXT_SM_PASIDDIRPTR;
	used[1] = CONTEXT_SM_RID_PASID;
}

/**
 * context_entry_get_update_safe - the used bits that may change at any time
 * @cur: the present value of the entry
 * @target: the value that it shall get
 * @safe: set to the mask
 *
 * &entry_sync_ops.get_update_safe: FPD only says whether faults are recorded.
 *
 * Context: Any.
 */
void context_entry_get_update_safe(const u64 *cur, const u64 *target, u64 *safe)
{
	safe[0] = CONTEXT_FPD;
}

/**
 * context_entry_make_second_stage - build a legacy entry for a page table
 * @ce: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @ssptptr: physical address of the table's root
 * @aw: the table's address width field
 * @ats: accept translation requests and translated requests
 *
 * Context: Any.
 */
void context_entry_make_second_stage(struct context_words *ce, u16 did,
				     phys_addr_t ssptptr, u8 aw, bool ats)
{
	ce->val[0] = CONTEXT_P | (ssptptr & CONTEXT_SSPTPTR) |
		 FIELD_PREP(CONTEXT_TT, ats ? CONTEXT_TT_SECOND_STAGE_ATS :
						     CONTEXT_TT_SECOND_STAGE);
	ce->val[1] = FIELD_PREP(CONTEXT_AW, aw) | FIELD_PREP(CONTEXT_DID, did);
}

/**
 * context_entry_make_alias - turn a device's legacy entry into an alias's
 * @ce: the entry; not a live one
 *
 * The ATC is the device's own: its requests with the ID of an alias are never
 * translated ones.
 *
 * Context: Any.
 */
void context_entry_make_alias(struct context_words *ce)
{
	if (FIELD_GET(CONTEXT_TT, ce->val[0]) != CONTEXT_TT_SECOND_STAGE_ATS)
		return;

	ce->val[0] &= ~CONTEXT_TT;
	ce->val[0] |= FIELD_PREP(CONTEXT_TT, CONTEXT_TT_SECOND_STAGE);
}

/**
 * context_entry_make_pass_through - build a legacy entry that translates
 *				     nothing
 * @ce: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @aw: the largest address width that the unit supports, as the spec demands
 *
 * Context: Any.
 */
void context_entry_make_pass_through(struct context_words *ce, u16 did, u8 aw)
{
	ce->val[0] = CONTEXT_P | FIELD_PREP(CONTEXT_TT, CONTEXT_TT_PT);
	ce->val[1] = FIELD_PREP(CONTEXT_AW, aw) | FIELD_PREP(CONTEXT_DID, did);
}

/**
 * context_entry_make_scalable - build a scalable mode entry
 * @ce: built here; not a live entry
 * @dir: physical address of the PASID directory
 * @entries: number of entries of the directory, a power of two
 * @flags: of %CONTEXT_SM_DTE, %CONTEXT_SM_PASIDE, %CONTEXT_SM_PRE
 *
 * Requests without PASID use PASID 0.
 *
 * Context: Any.
 */
void context_entry_make_scalable(struct context_words *ce, phys_addr_t dir,
				 u32 entries, u64 flags)
{
	/* A value of X says that the directory has 2^(X + 7) entries. */
	ce->val[0] = CONTEXT_P | (dir & CONTEXT_SM_PASIDDIRPTR) | flags |
		     FIELD_PREP(CONTEXT_SM_PDTS, ilog2(entries) - 7);
	ce->val[1] = FIELD_PREP(CONTEXT_SM_RID_PASID, 0);
}

/**
 * pasid_entry_get_used - the bits of a PASID entry that hardware looks at
 * @entry: the entry's 8 words
 * @used: set to the mask
 *
 * &entry_sync_ops.get_used for VT-d spec, section 9.6 (Scalable-Mode PASID
 * Table Entry). All bits of an unknown type count as used.
 *
 * Context: Any.
 */
void pasid_entry_get_used(const u64 *entry, u64 *used)
{
	used[0] = PASID_PE_P | PASID_PE_FPD;
	if (!(entry[0] & PASID_PE_P))
		return;

	used[0] |= PASID_PE_PGTT | PASID_PE_AW;
	used[1] = PASID_PE_DID | PASID_PE_PWSNP | PASID_PE_PGSNP;

	switch (FIELD_GET(PASID_PE_PGTT, entry[0])) {
	case PASID_ENTRY_PGTT_NESTED:
		used[0] |= PASID_PE_SSADE | PASID_PE_SSPTPTR;
		fallthrough;
	case PASID_ENTRY_PGTT_FL_ONLY:
		used[2] = PASID_PE_SRE | PASID_PE_FSPM | PASID_PE_WPE |
			  PASID_PE_EAFE | PASID_PE_FSPTPTR;
		break;
	case PASID_ENTRY_PGTT_SL_ONLY:
		used[0] |= PASID_PE_SSADE | PASID_PE_SSPTPTR;
		break;
	case PASID_ENTRY_PGTT_PT:
		break;
	default:
		memset(used, 0xff, sizeof(struct pasid_entry));
	}
}

/**
 * pasid_entry_get_update_safe - the used bits that may change at any time
 * @cur: the present value of the entry
 * @target: the value that it shall get
 * @safe: set to the mask
 *
 * &entry_sync_ops.get_update_safe: FPD only says whether faults are recorded.
 *
 * Context: Any.
 */
void pasid_entry_get_update_safe(const u64 *cur, const u64 *target, u64 *safe)
{
	safe[0] = PASID_PE_FPD;
}

/* Write protection is about supervisor requests only. */
static u64 first_stage_word(const struct pasid_first_stage *fs)
{
	return (fs->fsptptr & PASID_PE_FSPTPTR) |
	       FIELD_PREP(PASID_PE_FSPM, fs->five_level) |
	       FIELD_PREP(PASID_PE_SRE, fs->supervisor) |
	       FIELD_PREP(PASID_PE_WPE, fs->supervisor && fs->write_protect) |
	       FIELD_PREP(PASID_PE_EAFE, fs->extended_access);
}

/**
 * pasid_entry_make_first_stage - build an entry for a first-stage table
 * @pe: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @aw: the unit's address width field
 * @fs: the table
 *
 * Context: Any.
 */
void pasid_entry_make_first_stage(struct pasid_entry *pe, u16 did, u8 aw,
				  const struct pasid_first_stage *fs)
{
	*pe = (struct pasid_entry){ {
		PASID_PE_P | FIELD_PREP(PASID_PE_AW, aw) |
		FIELD_PREP(PASID_PE_PGTT, PASID_ENTRY_PGTT_FL_ONLY),
		FIELD_PREP(PASID_PE_DID, did) |
		FIELD_PREP(PASID_PE_PWSNP, fs->walk_snoop) |
		FIELD_PREP(PASID_PE_PGSNP, fs->page_snoop),
		first_stage_word(fs),
	} };
}

/**
 * pasid_entry_make_second_stage - build an entry for a second-stage table
 * @pe: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @ss: the table
 *
 * Context: Any.
 */
void pasid_entry_make_second_stage(struct pasid_entry *pe, u16 did,
				   const struct pasid_second_stage *ss)
{
	*pe = (struct pasid_entry){ {
		PASID_PE_P | FIELD_PREP(PASID_PE_AW, ss->aw) |
		FIELD_PREP(PASID_PE_PGTT, PASID_ENTRY_PGTT_SL_ONLY) |
		FIELD_PREP(PASID_PE_SSADE, ss->dirty_tracking) |
		(ss->ssptptr & PASID_PE_SSPTPTR),
		FIELD_PREP(PASID_PE_DID, did) |
		FIELD_PREP(PASID_PE_PWSNP, ss->walk_snoop),
	} };
}

/**
 * pasid_entry_make_nested - build an entry for a user's first stage on a
 *			     second stage
 * @pe: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @fs: the user's table, already validated
 * @ss: the parent's table
 *
 * Context: Any.
 */
void pasid_entry_make_nested(struct pasid_entry *pe, u16 did,
			     const struct pasid_first_stage *fs,
			     const struct pasid_second_stage *ss)
{
	pasid_entry_make_second_stage(pe, did, ss);
	pe->val[0] &= ~PASID_PE_PGTT;
	pe->val[0] |= FIELD_PREP(PASID_PE_PGTT, PASID_ENTRY_PGTT_NESTED);
	pe->val[1] |= FIELD_PREP(PASID_PE_PGSNP, fs->page_snoop);
	pe->val[2] = first_stage_word(fs);
}

/**
 * pasid_entry_make_pass_through - build an entry that translates nothing
 * @pe: built here; not a live entry
 * @did: the domain id that tags what hardware caches
 * @aw: the unit's address width field
 * @walk_snoop: the unit can snoop on its walks
 *
 * Context: Any.
 */
void pasid_entry_make_pass_through(struct pasid_entry *pe, u16 did, u8 aw,
				   bool walk_snoop)
{
	*pe = (struct pasid_entry){ {
		PASID_PE_P | FIELD_PREP(PASID_PE_AW, aw) |
		FIELD_PREP(PASID_PE_PGTT, PASID_ENTRY_PGTT_PT),
		FIELD_PREP(PASID_PE_DID, did) |
		FIELD_PREP(PASID_PE_PWSNP, walk_snoop),
	} };
}
