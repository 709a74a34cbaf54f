// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of entry_sync
 *
 * The cases are those of entry_layout.c, run against the library as it is
 * linked into the driver.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>

#include "entry_format.h"
#include "entry_layout.h"

struct entry_sync_case {
	const struct entry_layout *layout;
	unsigned int quantum_words;
};

static const struct entry_sync_case entry_sync_params[] = {
	{ &pasid_layout, 1 }, { &pasid_layout, 2 },
	{ &context_legacy_layout, 1 }, { &context_legacy_layout, 2 },
	{ &context_scalable_layout, 1 }, { &context_scalable_layout, 2 },
	{ &made_up_layout, 1 }, { &made_up_layout, 2 },
};

static void describe_case(const struct entry_sync_case *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %u-bit quanta",
		 param->layout->name, 64 * param->quantum_words);
}

KUNIT_ARRAY_PARAM(entry_sync_case, entry_sync_params, describe_case);

/* Stands in for entry_sync_store(). */
static void record_store(u64 *to, const u64 *from, unsigned int words)
{
	memcpy(to, from, words * sizeof(*to));
	entry_sync_check_stored(kunit_get_current_test()->priv, to);
}

static struct entry_sync_check *start_check(struct kunit *test,
					    unsigned int quantum_words)
{
	struct entry_sync_check *ck = kunit_kzalloc(test, sizeof(*ck), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ck);
	if (entry_sync_quantum_words(2) < quantum_words)
		kunit_skip(test, "the CPU has no 16-byte store");

	test->priv = ck;
	kunit_activate_static_stub(test, entry_sync_store, record_store);
	return ck;
}

static void used_bits(struct kunit *test)
{
	const struct entry_sync_case *param = test->param_value;
	struct entry_sync_check *ck = start_check(test, param->quantum_words);

	entry_layout_check_used(param->layout, ck);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

static void all_pairs(struct kunit *test)
{
	const struct entry_sync_case *param = test->param_value;
	struct entry_sync_check *ck = start_check(test, param->quantum_words);

	entry_layout_check_all(param->layout, param->quantum_words, ck);
	kunit_info(test, "pairs=%lu windows=%lu composites=%lu torn=%lu",
		   ck->counts.pairs, ck->counts.windows, ck->counts.composites,
		   ck->counts.torn);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
	KUNIT_EXPECT_EQ(test, ck->counts.failures, 0);
}

static void print_line(const char *line)
{
	kunit_info(kunit_get_current_test(), "%s", line);
}

static void table_128_bit(struct kunit *test)
{
	struct entry_sync_check *ck = start_check(test, 2);

	pasid_layout_check_table(2, ck, print_line);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

static void table_64_bit(struct kunit *test)
{
	struct entry_sync_check *ck = start_check(test, 1);

	pasid_layout_check_table(1, ck, print_line);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

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
	struct entry_sync_ops ops = pasid_layout.format.ops;
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
	struct entry_sync_check *ck = start_check(test, 1);
	const u64 old[8] = {}, new[8] = { 0x109, 0x1, 0, 0x70 };

	kunit_warning_suppress(test) {
		entry_sync_check_update(ck, &pasid_layout.format, 1, old, new,
					entry_sync_write);
		/* The plan and the write */
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 2);
	}
	KUNIT_EXPECT_NOT_NULL(test, strstr(ck->failure, "word 3: bits 70"));
}

static struct kunit_case entry_sync_cases[] = {
	KUNIT_CASE_PARAM(used_bits, entry_sync_case_gen_params),
	KUNIT_CASE_PARAM_ATTR(all_pairs, entry_sync_case_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(table_128_bit),
	KUNIT_CASE(table_64_bit),
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
