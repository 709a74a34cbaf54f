/* SPDX-License-Identifier: GPL-2.0 */
/*
 * entry_sync - move a live hardware table entry to a new value, never torn
 *
 * See entry_sync.c for the model and the argument.
 */
#ifndef _ENTRY_SYNC_H_
#define _ENTRY_SYNC_H_

#include <linux/types.h>

/* The longest entry that the library handles, in 64-bit words. */
#define ENTRY_SYNC_MAX_WORDS	8

struct entry_sync;

/**
 * struct entry_sync_ops - what the library must know about an entry format
 *
 * All masks and entries are arrays of &entry_sync.num_words 64-bit words as
 * they are in memory, that is in the byte order of the hardware. The library
 * only compares and combines bits of one place, so it need not know that order.
 * A driver whose entries are &__le64 hands them over with a __force cast of the
 * pointers, and gives &entry_sync.present_mask by way of cpu_to_le64().
 *
 * The callbacks run in the context of the caller of entry_sync_write(), with
 * the caller's locks held.
 */
struct entry_sync_ops {
	/**
	 * @get_used: Set in @used every bit that hardware looks at when it
	 * reads @entry. @used comes zeroed. The result must depend only on
	 * bits of @entry that are themselves used, and must always include
	 * the present bit.
	 */
	void (*get_used)(const u64 *entry, u64 *used);

	/**
	 * @get_update_safe: Optional. Set in @safe the used bits that may
	 * change from @cur to @target, in any order, while hardware goes on
	 * using @cur. Only what both entries use counts. @safe comes zeroed.
	 * The present bit and the bits on which @get_used depends must not be
	 * named.
	 */
	void (*get_update_safe)(const u64 *cur, const u64 *target, u64 *safe);

	/**
	 * @sync: Make all stores so far visible to hardware, drop what it has
	 * cached of the entry and wait until every fetch that began earlier
	 * has finished. @last is true in the last call for one
	 * entry_sync_write(): what must follow the whole change belongs there.
	 * Cannot fail. The step that clears the rest of an entry which has gone
	 * need not be waited for before the entry is made present again, see
	 * @entry_sync.entry.
	 */
	void (*sync)(struct entry_sync *es, bool last);
};

/**
 * struct entry_sync - one live entry and its format
 * @ops: the entry's format and how hardware is told of a change
 * @entry: the live entry, aligned to the quantum; written by nobody else, and
 *         all that was ever stored to it is behind a sync. While it is not
 *         present, only this must be, to make it present: quanta other than
 *         that of the present bit, if the new entry uses them and has the same
 *         value there.
 * @num_words: length of the entry in 64-bit words, a multiple of
 *             @quantum_words, at most %ENTRY_SYNC_MAX_WORDS
 * @quantum_words: words that CPU stores and hardware fetches move at once:
 *                 1 or 2, see entry_sync_quantum_words()
 * @present_word: index of the word that holds the present bit
 * @present_mask: the present bit; hardware uses nothing of an entry in which
 *                it is clear, except bits that @ops->get_used names
 * @clear_with_present: bits to clear in the store that makes the entry
 *                      non-present, besides the present bit, in the words of
 *                      its quantum; none that a non-present entry uses. 0 where
 *                      hardware wants the rest of an entry to stay until it has
 *                      dropped it
 *
 * Embed it in a larger structure to hand context to @ops->sync.
 */
struct entry_sync {
	const struct entry_sync_ops *ops;
	u64 *entry;
	unsigned int num_words;
	unsigned int quantum_words;
	unsigned int present_word;
	u64 present_mask;
	u64 clear_with_present[2];
};

/**
 * enum entry_sync_verdict - how an entry moves to its target
 * @ENTRY_SYNC_INVALID: not at all: the description of the entry is wrong
 * @ENTRY_SYNC_UNCHANGED: the entry has the target's value already
 * @ENTRY_SYNC_HITLESS: every fetch reads as the old entry, but for bits that
 *                      are safe to update, or as the new entry
 * @ENTRY_SYNC_BREAKING: some fetches may read a non-present entry
 */
enum entry_sync_verdict {
	ENTRY_SYNC_INVALID,
	ENTRY_SYNC_UNCHANGED,
	ENTRY_SYNC_HITLESS,
	ENTRY_SYNC_BREAKING,
};

/**
 * struct entry_sync_result - what entry_sync_write() did, or would do
 * @verdict: how the entry moved
 * @stores: number of quanta stored
 * @syncs: number of calls to &entry_sync_ops.sync
 */
struct entry_sync_result {
	enum entry_sync_verdict verdict;
	unsigned int stores;
	unsigned int syncs;
};

unsigned int entry_sync_quantum_words(unsigned int hw_quantum_words);
struct entry_sync_result entry_sync_plan(const struct entry_sync *es,
					 const u64 *target);
struct entry_sync_result entry_sync_write(struct entry_sync *es,
					  const u64 *target);

#if IS_ENABLED(CONFIG_KUNIT)
void entry_sync_store(u64 *to, const u64 *from, unsigned int words);
#endif

#endif /* _ENTRY_SYNC_H_ */
