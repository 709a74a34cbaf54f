/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks an update by entry_sync against every fetch that hardware may do
 */
#ifndef _ENTRY_SYNC_CHECK_H_
#define _ENTRY_SYNC_CHECK_H_

#include <kunit/test.h>

#include "entry_sync.h"

/**
 * struct entry_sync_format - an entry format to be checked
 * @ops: its get_used and get_update_safe
 * @num_words: length of an entry
 * @present_word: see &entry_sync.present_word
 * @present_mask: see &entry_sync.present_mask
 */
struct entry_sync_format {
	struct entry_sync_ops ops;
	unsigned int num_words;
	unsigned int present_word;
	u64 present_mask;
};

/**
 * struct entry_sync_counts - what was looked at
 * @windows: stores between two syncs
 * @fetches: combinations of quanta that a fetch in a window may give
 */
struct entry_sync_counts {
	unsigned int windows;
	unsigned int fetches;
};

struct entry_sync_result
entry_sync_check(struct kunit *test, const struct entry_sync_format *format,
		 unsigned int quantum_words, const u64 *old, const u64 *new,
		 struct entry_sync_counts *counts);

#endif /* _ENTRY_SYNC_CHECK_H_ */
