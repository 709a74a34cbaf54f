// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of entry_sync, with a format that no hardware has
 */

#include <kunit/test.h>
#include <kunit/test-bug.h>

#include "entry_sync_kunit.h"

static const struct entry_sync_case entry_sync_params[] = {
	{ &made_up_layout, 1 }, { &made_up_layout, 2 },
};

KUNIT_ARRAY_PARAM(entry_sync_case, entry_sync_params, entry_sync_kunit_describe);

/* The store that the checker stands in for */
static void stores_one_quantum(struct kunit *test)
{
	const u64 from[] = { 0x1111111111111111, 0x2222222222222222 };
	unsigned int words = entry_sync_quantum_words(2);
	u64 to[4] __aligned(16) = { 1, 2, 3, 4 };

	entry_sync_store(to, from, words);
	KUNIT_EXPECT_MEMEQ(test, to, from, words * sizeof(u64));
	KUNIT_EXPECT_EQ(test, to[words], words + 1);

	entry_sync_store(&to[2], from, 1);
	KUNIT_EXPECT_EQ(test, to[2], from[0]);
	KUNIT_EXPECT_EQ(test, to[3], 4);
}

static void never_sync(struct entry_sync *es, bool last)
{
	kunit_fail_current_test("sync of an entry that must be refused");
}

static void expect_refusal(struct kunit *test, struct entry_sync es)
{
	const u64 target[ENTRY_SYNC_MAX_WORDS + 2] = { 1 };

	kunit_warning_suppress(test) {
		KUNIT_EXPECT_EQ(test, entry_sync_write(&es, target).verdict,
				ENTRY_SYNC_INVALID);
		KUNIT_EXPECT_EQ(test, entry_sync_plan(&es, target).verdict,
				ENTRY_SYNC_INVALID);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 2);
	}
}

static void invalid_is_refused(struct kunit *test)
{
	u64 live[ENTRY_SYNC_MAX_WORDS + 2] __aligned(16) = {};
	struct entry_sync_ops ops = made_up_layout.format.ops;
	const struct entry_sync good = {
		.ops = &ops,
		.entry = live,
		.num_words = 8,
		.quantum_words = entry_sync_quantum_words(2),
		.present_mask = BIT_ULL(0),
	};
	struct entry_sync bad;

	ops.sync = never_sync;
	bad = good;
	bad.entry = (u64 *)((u8 *)live + 4);
	expect_refusal(test, bad);
	bad = good;
	bad.num_words = ENTRY_SYNC_MAX_WORDS + 2;
	expect_refusal(test, bad);
	bad = good;
	bad.num_words = 0;
	expect_refusal(test, bad);
	bad = good;
	bad.quantum_words = 4;
	expect_refusal(test, bad);
	bad = good;
	bad.present_word = 8;
	expect_refusal(test, bad);
	bad = good;
	bad.present_mask = 0;
	expect_refusal(test, bad);
	ops.sync = NULL;
	expect_refusal(test, good);

	KUNIT_EXPECT_TRUE(test, !memchr_inv(live, 0, sizeof(live)));
}

static void builder_is_warned(struct kunit *test)
{
	struct entry_sync_check *ck = entry_sync_kunit_start(test, 1);
	struct entry_sync_ops ops = made_up_layout.format.ops;
	/* A type that uses words 0, 1 and 6 */
	const u64 new[8] = { [3] = 0x70, [5] = BIT_ULL(63) | 0x43 };
	u64 old[8] = {};
	const struct entry_sync es = {
		.ops = &ops,
		.entry = old,
		.num_words = 8,
		.quantum_words = 1,
		.present_mask = BIT_ULL(0),
	};

	ops.sync = never_sync;
	kunit_warning_suppress(test) {
		/* Whether a suppressed one is the only one is up to the CPU. */
		entry_sync_plan(&es, new);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
		entry_sync_check_update(ck, &made_up_layout.format, 1, old, new,
					entry_sync_write);
	}
	KUNIT_EXPECT_NOT_NULL(test, strstr(ck->failure, "word 3: bits 70"));
}

static struct kunit_case entry_sync_cases[] = {
	KUNIT_CASE_PARAM(entry_sync_kunit_used, entry_sync_case_gen_params),
	KUNIT_CASE_PARAM_ATTR(entry_sync_kunit_all_pairs, entry_sync_case_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(stores_one_quantum),
	KUNIT_CASE(invalid_is_refused),
	KUNIT_CASE(builder_is_warned),
	{}
};

static struct kunit_suite entry_sync_suite = {
	.name = "entry_sync",
	.test_cases = entry_sync_cases,
};

kunit_test_suite(entry_sync_suite);
