/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks updates by entry_sync against every fetch that hardware may do
 *
 * Used by the KUnit suites, and in user space.
 */
#ifndef _ENTRY_SYNC_CHECK_H_
#define _ENTRY_SYNC_CHECK_H_

#include "entry_sync.h"

/* More stores than one window holds of one quantum: the library stores once. */
#define ENTRY_SYNC_CHECK_VALUES	4

/**
 * struct entry_sync_format - an entry format to be checked
 * @ops: its get_used and get_update_safe; sync is the checker's
 * @num_words: length of an entry
 * @present_word: see &entry_sync.present_word
 * @present_mask: see &entry_sync.present_mask
 * @clear_with_present: see &entry_sync.clear_with_present
 */
struct entry_sync_format {
	struct entry_sync_ops ops;
	unsigned int num_words;
	unsigned int present_word;
	u64 present_mask;
	u64 clear_with_present[2];
};

/**
 * struct entry_sync_counts - what was looked at
 * @pairs: updates of an old to a new entry
 * @windows: stretches between two syncs
 * @composites: combinations of quanta that a fetch in a window may give
 * @torn: composites that read as no entry that they may read as
 * @failures: updates with which anything was wrong
 */
struct entry_sync_counts {
	unsigned long pairs;
	unsigned long windows;
	unsigned long composites;
	unsigned long torn;
	unsigned long failures;
};

/**
 * struct entry_sync_seen - what one update was seen to do
 * @stores: number of quanta stored
 * @syncs: number of syncs
 * @not_present: composites that read as no entry but are not present
 * @torn: composites that read as none that they may read as
 */
struct entry_sync_seen {
	unsigned int stores;
	unsigned int syncs;
	unsigned int not_present;
	unsigned int torn;
};

/* The values that each quantum holds in one window, the oldest first */
struct entry_sync_window {
	u64 value[ENTRY_SYNC_CHECK_VALUES][ENTRY_SYNC_MAX_WORDS];
	unsigned int num[ENTRY_SYNC_MAX_WORDS];
	bool clears_present;
};

typedef struct entry_sync_result entry_sync_writer(struct entry_sync *es,
						   const u64 *target);

/**
 * struct entry_sync_check - the state of the checker
 * @counts: summed over all updates
 * @seen: what the last update did
 * @failure: what was wrong first, in words
 * @whole_fetches: set for hardware that reads an entry at once: then composites
 *                 are the values that the whole entry held
 * @es: private: the entry under test, and its description
 * @old: private: its value before
 * @new: private: the value that it gets
 * @safe: private: bits of which any fetch may find the old or the new value
 * @planned: private: what entry_sync_plan() says of the update
 * @windows: private: the present window and the one before
 * @last: private: whether the last sync has been
 * @failed: private: whether this update has failed
 * @live: private: the entry itself
 */
struct entry_sync_check {
	struct entry_sync_counts counts;
	struct entry_sync_seen seen;
	char failure[384];
	bool whole_fetches;

	struct entry_sync es;
	u64 old[ENTRY_SYNC_MAX_WORDS];
	u64 new[ENTRY_SYNC_MAX_WORDS];
	u64 safe[ENTRY_SYNC_MAX_WORDS];
	struct entry_sync_result planned;
	struct entry_sync_window windows[2];
	bool last, failed;
	u64 live[ENTRY_SYNC_MAX_WORDS] __aligned(16);
};

struct entry_sync_result
entry_sync_check_update(struct entry_sync_check *ck,
			const struct entry_sync_format *format,
			unsigned int quantum_words, const u64 *old,
			const u64 *new, entry_sync_writer *write);
void entry_sync_check_stored(struct entry_sync_check *ck, const u64 *to);
void entry_sync_check_store(struct entry_sync *es, unsigned int word,
			    const u64 *value);
void entry_sync_check_fail(struct entry_sync_check *ck, const char *fmt, ...)
	__printf(2, 3);

#endif /* _ENTRY_SYNC_CHECK_H_ */
