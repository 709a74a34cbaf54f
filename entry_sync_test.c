// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of entry_sync with a made-up format
 *
 * 8 words. The present bit is in word 5; word 5 also says which of the other
 * words are used. Nothing of it is like VT-d.
 */

#include <linux/string.h>

#include "entry_sync_check.h"

#define PRESENT_WORD	5
#define PRESENT		BIT_ULL(63)
#define FAULTS		BIT_ULL(62)
#define USES(word)	BIT_ULL(word)

static void made_up_get_used(const u64 *entry, u64 *used)
{
	unsigned int i;

	used[PRESENT_WORD] = PRESENT | FAULTS;
	if (!(entry[PRESENT_WORD] & PRESENT))
		return;

	used[PRESENT_WORD] |= GENMASK_ULL(7, 0);
	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i++)
		if (i != PRESENT_WORD && entry[PRESENT_WORD] & USES(i))
			used[i] = U64_MAX;
}

static void made_up_get_update_safe(const u64 *cur, const u64 *target,
				    u64 *safe)
{
	safe[PRESENT_WORD] = FAULTS;
}

static const struct entry_sync_format made_up = {
	.ops = {
		.get_used = made_up_get_used,
		.get_update_safe = made_up_get_update_safe,
	},
	.num_words = ENTRY_SYNC_MAX_WORDS,
	.present_word = PRESENT_WORD,
	.present_mask = PRESENT,
};

/* An entry that uses the words in @words, each with the value @value */
static void made_up_entry(u64 *entry, u8 words, u64 value)
{
	unsigned int i;

	words &= ~USES(PRESENT_WORD);
	memset(entry, 0, ENTRY_SYNC_MAX_WORDS * sizeof(u64));
	entry[PRESENT_WORD] = PRESENT | words;
	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i++)
		if (words & USES(i))
			entry[i] = value;
}

static unsigned int count_quanta(u8 words, unsigned int quantum_words)
{
	unsigned int i, num = 0;

	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i += quantum_words)
		num += !!(words & GENMASK(i + quantum_words - 1, i));
	return num;
}

/*
 * What must be stored at once: used words that both have with different
 * values, and the word that says which are used if that is not the same.
 */
static unsigned int count_critical(u8 from, u8 to, unsigned int quantum_words)
{
	u8 critical = from & to & ~USES(PRESENT_WORD);

	if ((from ^ to) & ~USES(PRESENT_WORD))
		critical |= USES(PRESENT_WORD);
	return count_quanta(critical, quantum_words);
}

/* All pairs of sets of used words, with the values of all words different */
static void made_up_check_all(struct kunit *test, unsigned int quantum_words)
{
	u64 old[ENTRY_SYNC_MAX_WORDS], new[ENTRY_SYNC_MAX_WORDS];
	struct entry_sync_counts counts = {};
	struct entry_sync_result result;
	unsigned int from, to, pairs = 0;

	/* Half of the words of each set stay out of it, to save time. */
	for (from = 0; from < 256; from += 3) {
		for (to = 0; to < 256; to += 5) {
			made_up_entry(old, from, 0x1111);
			made_up_entry(new, to, 0x2222);
			result = entry_sync_check(test, &made_up, quantum_words,
						  old, new, &counts);
			KUNIT_ASSERT_EQ(test,
					result.verdict == ENTRY_SYNC_BREAKING,
					count_critical(from, to, quantum_words) > 1);
			pairs++;
		}
	}
	kunit_info(test, "pairs=%u windows=%u fetches=%u", pairs,
		   counts.windows, counts.fetches);
}

static void made_up_64_bit(struct kunit *test)
{
	made_up_check_all(test, 1);
}

static void made_up_128_bit(struct kunit *test)
{
	if (entry_sync_quantum_words(2) != 2)
		kunit_skip(test, "the CPU has no 16-byte store");
	made_up_check_all(test, 2);
}

static void present_changes(struct kunit *test)
{
	u64 none[ENTRY_SYNC_MAX_WORDS] = {}, off[ENTRY_SYNC_MAX_WORDS] = {};
	u64 on[ENTRY_SYNC_MAX_WORDS];
	struct entry_sync_counts counts = {};
	struct entry_sync_result result;

	made_up_entry(on, 0xff, 0x1111);
	off[PRESENT_WORD] = FAULTS;

	/* Preload seven quanta; sync; store the present one; sync. */
	result = entry_sync_check(test, &made_up, 1, none, on, &counts);
	KUNIT_EXPECT_EQ(test, result.verdict, ENTRY_SYNC_HITLESS);
	KUNIT_EXPECT_EQ(test, result.stores, 8);
	KUNIT_EXPECT_EQ(test, result.syncs, 2);

	/* Clear the present bit alone; sync; clear the rest; sync. */
	result = entry_sync_check(test, &made_up, 1, on, none, &counts);
	KUNIT_EXPECT_EQ(test, result.verdict, ENTRY_SYNC_HITLESS);
	KUNIT_EXPECT_EQ(test, result.stores, 9);
	KUNIT_EXPECT_EQ(test, result.syncs, 2);

	/* The same, and a bit that may change at any time. */
	result = entry_sync_check(test, &made_up, 1, on, off, &counts);
	KUNIT_EXPECT_EQ(test, result.verdict, ENTRY_SYNC_HITLESS);

	result = entry_sync_check(test, &made_up, 1, off, none, &counts);
	KUNIT_EXPECT_EQ(test, result.stores, 1);
	KUNIT_EXPECT_EQ(test, result.syncs, 1);

	result = entry_sync_check(test, &made_up, 1, on, on, &counts);
	KUNIT_EXPECT_EQ(test, result.verdict, ENTRY_SYNC_UNCHANGED);
	KUNIT_EXPECT_EQ(test, result.syncs, 0);
}

static void never_sync(struct entry_sync *es, bool last)
{
	WARN_ON(1);
}

static void invalid_is_refused(struct kunit *test)
{
	static const struct entry_sync_ops ops = {
		.get_used = made_up_get_used,
		.sync = never_sync,
	};
	u64 live[ENTRY_SYNC_MAX_WORDS + 1] __aligned(16) = {};
	u64 target[ENTRY_SYNC_MAX_WORDS + 1] = {};
	const struct entry_sync good = {
		.ops = &ops,
		.entry = live,
		.num_words = ENTRY_SYNC_MAX_WORDS,
		.quantum_words = 2,
		.present_word = PRESENT_WORD,
		.present_mask = PRESENT,
	};
	struct entry_sync bad[] = { good, good, good, good, good };
	unsigned int i;

	bad[0].entry = live + 1;	/* not aligned to the quantum */
	bad[1].num_words = ENTRY_SYNC_MAX_WORDS + 2;
	bad[2].num_words = 7;		/* not a number of quanta */
	bad[3].present_word = ENTRY_SYNC_MAX_WORDS;
	bad[4].quantum_words = 4;

	made_up_entry(target, 0xff, 0x1111);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct entry_sync_result result;

		kunit_warning_suppress(test)
			result = entry_sync_write(&bad[i], target);
		KUNIT_EXPECT_EQ_MSG(test, result.verdict, ENTRY_SYNC_INVALID,
				    "case %u", i);
		KUNIT_EXPECT_TRUE(test, !memchr_inv(live, 0, sizeof(live)));
	}
}

static struct kunit_case entry_sync_cases[] = {
	KUNIT_CASE(made_up_64_bit),
	KUNIT_CASE(made_up_128_bit),
	KUNIT_CASE(present_changes),
	KUNIT_CASE(invalid_is_refused),
	{}
};

static struct kunit_suite entry_sync_suite = {
	.name = "entry_sync",
	.test_cases = entry_sync_cases,
};

kunit_test_suite(entry_sync_suite);
