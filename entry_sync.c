// SPDX-License-Identifier: GPL-2.0
/*
 * entry_sync - move a live hardware table entry to a new value, never torn
 */

/**
 * DOC: entry_sync
 *
 * An IOMMU reads its table entries at any time. An entry is longer than what
 * CPU and hardware move atomically, a *quantum*, so a fetch that overlaps an
 * update may combine quanta of different age. entry_sync_write() orders the
 * stores so that no combination is ever *torn*, that is, reads as something
 * that is neither the old entry, nor the new one, nor non-present.
 *
 * **The fetch model.** Hardware fetches each quantum independently, in any
 * order, at any time, and may use what it fetched until the entry is
 * invalidated. Only a completed sync ends that. So a fetched entry is any
 * combination, quantum by quantum, of the values that each quantum held since
 * the last completed sync. These stores are the *window*.
 *
 * **Used bits.** Hardware ignores some bits of an entry, depending on others,
 * such as its type. get_used() names the bits that matter. Changing a bit
 * that an entry does not use leaves the entry what it is, and because used
 * bits depend on used bits only, it does not bring other bits into use.
 *
 * **Hitless.** A quantum is *critical* if the bits that the new entry uses
 * cannot be brought about by changing bits that the old one ignores. With at
 * most one critical quantum:
 *
 * 1. In all other quanta, set the bits that the old entry ignores, and those
 *    that are safe to update, to what the new one wants. Window: combinations
 *    that differ from the old entry in these bits alone; each reads as the old
 *    entry.
 * 2. Store the critical quantum. Window: two values of this one quantum, the
 *    others are settled; the first reads as the old entry, the second has
 *    every used bit of the new one.
 * 3. Clear what the new entry ignores. Window: combinations that differ from
 *    the new entry in ignored bits alone; each reads as the new entry.
 *
 * A change within one quantum, of an entry that does not go, is one store.
 *
 * If step 1 finds nothing that the new entry uses, it only clears what both
 * ignore. That may happen at any time, so it goes with step 2.
 *
 * When an entry is made non-present, step 2 changes only the bits that the new
 * one uses, that is the present bit, and what the caller wants to go with it;
 * step 3 the rest. Some hardware specifications ask software to keep the rest
 * until hardware has dropped the entry.
 *
 * **Breaking.** With several critical quanta:
 *
 * 1. Clear the present bit, and what the caller wants to go with it. Window:
 *    the old entry, and the old entry not present.
 * 2. Store all quanta but the one with the present bit. Window: entries that
 *    are not present, as that bit is clear in the only value of its quantum.
 * 3. Store the quantum with the present bit. Window: not present, or the new
 *    entry, as all other quanta are settled.
 *
 * Step 2 needs a sync of its own. A fetch may read the other quanta before
 * their store and the quantum with the present bit after its store; were
 * these in one window, that fetch would find a present, torn entry.
 *
 * Every step ends with a sync, so that a window never holds stores of two
 * steps, nor of two updates. Steps that change nothing are left out.
 */

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/cpufeature.h>
#include <linux/export.h>
#include <linux/kconfig.h>
#include <linux/math.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

#include "entry_sync.h"

#define ENTRY_SYNC_MAX_STEPS	3

/*
 * The values that the entry goes through
 *
 * @value: one for each step
 * @between: room for those that are neither the old nor the new one
 */
struct entry_sync_steps {
	struct entry_sync_result result;
	const u64 *value[ENTRY_SYNC_MAX_STEPS];
	u64 between[ENTRY_SYNC_MAX_STEPS - 1][ENTRY_SYNC_MAX_WORDS];
};

/* What is wrong with the description of the entry, or NULL */
static const char *entry_sync_flaw(const struct entry_sync *es)
{
	if (!es->ops || !es->ops->get_used || !es->ops->sync)
		return "ops lack get_used or sync";
	if (es->quantum_words != 1 && es->quantum_words != 2)
		return "quantum_words is neither 1 nor 2";
	if (es->quantum_words > entry_sync_quantum_words(2))
		return "quantum_words is 2, but the CPU has no 16-byte store";
	if (!es->num_words || es->num_words % es->quantum_words)
		return "num_words is no number of whole quanta";
	if (es->num_words > ENTRY_SYNC_MAX_WORDS)
		return "num_words is above ENTRY_SYNC_MAX_WORDS";
	if (es->present_word >= es->num_words)
		return "present_word is beyond the entry";
	if (!es->present_mask)
		return "present_mask is empty";
	if (!es->entry ||
	    !IS_ALIGNED((unsigned long)es->entry, es->quantum_words * sizeof(u64)))
		return "entry is not aligned to the quantum";
	return NULL;
}

static bool entry_sync_valid(const struct entry_sync *es)
{
	const char *flaw = entry_sync_flaw(es);

	return !WARN(flaw, "entry_sync: %s\n", flaw);
}

static bool is_present(const struct entry_sync *es, const u64 *entry)
{
	return entry[es->present_word] & es->present_mask;
}

/* The bits of a word that are cleared to make the entry non-present */
static u64 cleared_with_present(const struct entry_sync *es, unsigned int word)
{
	unsigned int first = round_down(es->present_word, es->quantum_words);
	u64 cleared = word == es->present_word ? es->present_mask : 0;

	/* Below the first word, the difference is a large number. */
	if (word - first < es->quantum_words)
		cleared |= es->clear_with_present[word - first];
	return cleared;
}

static bool quantum_differs(const struct entry_sync *es, const u64 *a,
			    const u64 *b, unsigned int word)
{
	return a[word] != b[word] ||
	       (es->quantum_words == 2 && a[word + 1] != b[word + 1]);
}

/* Append a step unless it would change nothing; returns the entry after it. */
static const u64 *add_step(const struct entry_sync *es,
			   struct entry_sync_steps *steps, const u64 *before,
			   const u64 *after)
{
	unsigned int i, stores = 0;

	for (i = 0; i < es->num_words; i += es->quantum_words)
		stores += quantum_differs(es, before, after, i);
	if (!stores)
		return before;

	steps->value[steps->result.syncs++] = after;
	steps->result.stores += stores;
	return after;
}

static void plan_breaking(const struct entry_sync *es,
			  struct entry_sync_steps *steps, const u64 *target)
{
	unsigned int first = round_down(es->present_word, es->quantum_words);
	u64 *absent = steps->between[0], *others = steps->between[1];
	const u64 *cur = es->entry;
	unsigned int i;

	for (i = 0; i < es->num_words; i++)
		absent[i] = is_present(es, cur) ?
			cur[i] & ~cleared_with_present(es, i) : cur[i];
	cur = add_step(es, steps, cur, absent);

	for (i = 0; i < es->num_words; i++)
		others[i] = round_down(i, es->quantum_words) == first ?
				absent[i] : target[i];
	cur = add_step(es, steps, cur, others);

	add_step(es, steps, cur, target);
	steps->result.verdict = ENTRY_SYNC_BREAKING;
}

/*
 * What an update comes down to
 *
 * @wanted: the bits that hardware looks at in the target
 * @used: the bits that hardware looks at in the old entry
 * @safe: those that may change while hardware uses the old entry
 * @next: the entry with all bits changed that may change at once
 * @differs: mask of the words that change
 * @critical: mask of the words of critical quanta
 * @early: mask of words with bits that must change before the critical quantum,
 *         unless they are in it
 */
struct entry_sync_change {
	const u64 *wanted;
	u64 used[ENTRY_SYNC_MAX_WORDS];
	u64 safe[ENTRY_SYNC_MAX_WORDS];
	u64 next[ENTRY_SYNC_MAX_WORDS];
	unsigned int differs;
	unsigned int critical;
	unsigned int early;
};

/* Mask of the words that are in one quantum with @word */
static unsigned int words_of_quantum(const struct entry_sync *es,
				     unsigned int word)
{
	return (BIT(es->quantum_words) - 1) <<
	       round_down(word, es->quantum_words);
}

static void sort_bits(const struct entry_sync *es, const u64 *target,
		      struct entry_sync_change *change)
{
	u64 differs, free, wanted;
	unsigned int i;

	change->critical = 0;
	change->early = 0;
	for (i = 0; i < es->num_words; i++) {
		change->next[i] = es->entry[i];
		if (!(change->differs & BIT(i)))
			continue;

		wanted = change->wanted[i];
		differs = es->entry[i] ^ target[i];
		/* What only the old entry uses is cleared after it, safe or not. */
		free = ~change->used[i] | (change->safe[i] & wanted);
		change->next[i] ^= differs & free;
		if (differs & ~free & wanted)
			change->critical |= words_of_quantum(es, i);
		if (differs & free & wanted)
			change->early |= BIT(i);
	}
}

/* At most one critical quantum: it takes the other bits along. */
static bool is_hitless(const struct entry_sync *es,
		       const struct entry_sync_change *change)
{
	return !change->critical ||
	       change->critical == words_of_quantum(es, __ffs(change->critical));
}

static unsigned int find_differing_words(const struct entry_sync *es,
					 const u64 *target)
{
	unsigned int i, differs = 0;

	for (i = 0; i < es->num_words; i++)
		if (es->entry[i] != target[i])
			differs |= BIT(i);
	return differs;
}

static void find_wanted(const struct entry_sync *es, const u64 *target,
			u64 *wanted)
{
	unsigned int i;

	es->ops->get_used(target, wanted);
	for (i = 0; i < es->num_words; i++) {
		/*
		 * A builder must not set bits that hardware ignores: they
		 * would keep later updates from being hitless. Taking such
		 * bits as used is always safe.
		 */
		WARN_ONCE(target[i] & ~wanted[i],
			  "entry_sync: word %u: bits %#llx set but not used\n",
			  i, target[i] & ~wanted[i]);
		wanted[i] |= target[i];
	}
}

static void find_change(const struct entry_sync *es, const u64 *target,
			struct entry_sync_change *change)
{
	es->ops->get_used(es->entry, change->used);
	sort_bits(es, target, change);
	if (is_hitless(es, change) || !es->ops->get_update_safe)
		return;

	/* What may change before or after the rest is not critical. */
	es->ops->get_update_safe(es->entry, target, change->safe);
	sort_bits(es, target, change);
}

/*
 * A change within one quantum is one store: hardware reads the old entry or the
 * new one. When an entry goes, bits stay until hardware has dropped it.
 */
static bool is_one_store(const struct entry_sync *es, const u64 *target,
			 unsigned int differs)
{
	return !(differs & ~words_of_quantum(es, __ffs(differs))) &&
	       (!is_present(es, es->entry) || is_present(es, target));
}

static void plan_hitless(const struct entry_sync *es,
			 struct entry_sync_steps *steps, const u64 *target,
			 struct entry_sync_change *change)
{
	bool goes = is_present(es, es->entry) && !is_present(es, target);
	u64 *early = steps->between[0], *critical = steps->between[1];
	const u64 *cur = es->entry;
	unsigned int i;
	u64 stays;

	/* The critical quantum, if any, changes in one store: not in step 1. */
	if (change->early & ~change->critical) {
		for (i = 0; i < es->num_words; i++)
			early[i] = change->critical & BIT(i) ? cur[i] :
							       change->next[i];
		cur = add_step(es, steps, cur, early);
	}

	for (i = 0; i < es->num_words; i++) {
		stays = goes ? cur[i] & ~change->wanted[i] &
			       ~cleared_with_present(es, i) : 0;
		critical[i] = change->critical & BIT(i) ? target[i] | stays :
							  change->next[i];
	}
	cur = add_step(es, steps, cur, critical);

	add_step(es, steps, cur, target);
	steps->result.verdict = ENTRY_SYNC_HITLESS;
}

static void plan_several(const struct entry_sync *es,
			 struct entry_sync_steps *steps, const u64 *target,
			 unsigned int differs, const u64 *wanted)
{
	struct entry_sync_change change = {
		.differs = differs,
		.wanted = wanted,
	};

	find_change(es, target, &change);
	if (is_hitless(es, &change))
		plan_hitless(es, steps, target, &change);
	else
		plan_breaking(es, steps, target);
}

static void plan(const struct entry_sync *es, struct entry_sync_steps *steps,
		 const u64 *target)
{
	unsigned int differs = find_differing_words(es, target);
	u64 wanted[ENTRY_SYNC_MAX_WORDS] = {};

	steps->result = (struct entry_sync_result){
		.verdict = ENTRY_SYNC_UNCHANGED,
	};
	find_wanted(es, target, wanted);
	if (!differs)
		return;

	if (is_one_store(es, target, differs)) {
		add_step(es, steps, es->entry, target);
		steps->result.verdict = ENTRY_SYNC_HITLESS;
		return;
	}
	plan_several(es, steps, target, differs, wanted);
}

#ifdef system_has_cmpxchg128
/* Two words as they are to be in memory, whatever the CPU's byte order */
static u128 to_u128(const u64 *words)
{
	const unsigned int low = IS_ENABLED(CONFIG_CPU_BIG_ENDIAN);

	return (u128)words[!low] << 64 | words[low];
}
#endif

/* Everything that hardware can see of an update goes through here. */
VISIBLE_IF_KUNIT void entry_sync_store(u64 *to, const u64 *from,
				       unsigned int words)
{
	KUNIT_STATIC_STUB_REDIRECT(entry_sync_store, to, from, words);

#ifdef system_has_cmpxchg128
	if (words == 2) {
		u128 *to128 = (u128 *)to;

		/*
		 * With the lock prefix: only that makes 16 bytes one access
		 * for others than this CPU, hardware among them. Plain 16-byte
		 * moves are atomic where the CPU has AVX, and not for use in
		 * the kernel. The only writer: the comparison cannot fail.
		 */
		cmpxchg128(to128, *to128, to_u128(from));
		return;
	}
#endif
	WRITE_ONCE(*to, *from);
}

static void store_step(const struct entry_sync *es, const u64 *value)
{
	unsigned int i;

	for (i = 0; i < es->num_words; i += es->quantum_words)
		if (quantum_differs(es, es->entry, value, i))
			entry_sync_store(&es->entry[i], &value[i],
					 es->quantum_words);
}

/**
 * entry_sync_quantum_words - the quantum to use on this CPU
 * @hw_quantum_words: words that the hardware fetches at once, 1 or 2
 *
 * Some CPUs, in particular virtual ones, have no 16-byte store. The quantum
 * is then 8 bytes for everything: fewer updates are hitless, none is torn.
 *
 * Context: Any.
 * Return: the number of words for &entry_sync.quantum_words.
 */
unsigned int entry_sync_quantum_words(unsigned int hw_quantum_words)
{
#ifdef system_has_cmpxchg128
	if (system_has_cmpxchg128())
		return hw_quantum_words;
#endif
	return 1;
}
EXPORT_SYMBOL_GPL(entry_sync_quantum_words);

/**
 * entry_sync_plan - say what entry_sync_write() would do
 * @es: the entry
 * @target: its new value, &entry_sync.num_words words
 *
 * Context: Any; the caller's lock that keeps other writers off the entry must
 * be held for the answer to stay true. Touches neither entry nor hardware.
 * Return: the verdict and the number of stores and syncs.
 */
struct entry_sync_result entry_sync_plan(const struct entry_sync *es,
					 const u64 *target)
{
	/* Of the values, only those are read that a step has set. */
	struct entry_sync_steps steps __uninitialized;

	if (!entry_sync_valid(es))
		return (struct entry_sync_result){};

	plan(es, &steps, target);
	return steps.result;
}
EXPORT_SYMBOL_GPL(entry_sync_plan);

/**
 * entry_sync_write - move a live entry to a new value, never torn
 * @es: the entry
 * @target: its new value, &entry_sync.num_words words. Must not set bits that
 *          &entry_sync_ops.get_used does not name for it.
 *
 * Hitless if the format allows it, else by way of a non-present entry. When
 * it returns, the entry has the value of @target and hardware uses nothing
 * older, as far as &entry_sync_ops.sync says the truth.
 *
 * Tables that @target points to must have been written; they are made visible
 * to hardware before the entry is.
 *
 * Context: Any in which &entry_sync_ops.sync may run. The caller holds the
 * lock that makes it the only writer of the entry.
 * Return: what was done; the verdict %ENTRY_SYNC_INVALID, with a warning and
 * the entry untouched, if @es describes no entry that can be written.
 */
struct entry_sync_result entry_sync_write(struct entry_sync *es,
					  const u64 *target)
{
	/* Of the values, only those are read that a step has set. */
	struct entry_sync_steps steps __uninitialized;
	unsigned int i;

	if (!entry_sync_valid(es))
		return (struct entry_sync_result){};

	plan(es, &steps, target);
	dma_wmb();
	for (i = 0; i < steps.result.syncs; i++) {
		store_step(es, steps.value[i]);
		es->ops->sync(es, i + 1 == steps.result.syncs);
	}
	return steps.result;
}
EXPORT_SYMBOL_GPL(entry_sync_write);
