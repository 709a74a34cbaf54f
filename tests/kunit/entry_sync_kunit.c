// SPDX-License-Identifier: GPL-2.0
/*
 * What KUnit tests of entry formats share
 */

#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/string.h>

#include "entry_sync_kunit.h"

/**
 * entry_sync_kunit_describe - name a case
 * @param: the case
 * @desc: gets the name
 *
 * For KUNIT_ARRAY_PARAM().
 */
void entry_sync_kunit_describe(const struct entry_sync_case *param, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %u-bit quanta",
		 param->layout->name, 64 * param->quantum_words);
}

/* Stands in for entry_sync_store(). */
static void record_store(u64 *to, const u64 *from, unsigned int words)
{
	memcpy(to, from, words * sizeof(*to));
	entry_sync_check_stored(kunit_get_current_test()->priv, to);
}

/**
 * entry_sync_kunit_start - have a checker see all stores of entry_sync
 * @test: the test; is skipped if the CPU cannot store such a quantum
 * @quantum_words: 1 or 2
 *
 * Return: the checker.
 */
struct entry_sync_check *entry_sync_kunit_start(struct kunit *test,
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

/**
 * entry_sync_kunit_used - test get_used() of a format
 * @test: its parameter is a &struct entry_sync_case
 */
void entry_sync_kunit_used(struct kunit *test)
{
	const struct entry_sync_case *param = test->param_value;
	struct entry_sync_check *ck =
		entry_sync_kunit_start(test, param->quantum_words);

	entry_layout_check_used(param->layout, ck);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

/**
 * entry_sync_kunit_all_pairs - test every fetch of every update of a format
 * @test: its parameter is a &struct entry_sync_case
 */
void entry_sync_kunit_all_pairs(struct kunit *test)
{
	const struct entry_sync_case *param = test->param_value;
	struct entry_sync_check *ck =
		entry_sync_kunit_start(test, param->quantum_words);

	entry_layout_check_all(param->layout, param->quantum_words, ck);
	kunit_info(test, "pairs=%lu windows=%lu composites=%lu torn=%lu",
		   ck->counts.pairs, ck->counts.windows, ck->counts.composites,
		   ck->counts.torn);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
	KUNIT_EXPECT_EQ(test, ck->counts.failures, 0);
	KUNIT_EXPECT_GT(test, ck->counts.pairs, 0);
}

/**
 * entry_sync_kunit_print - print a line of a table
 * @line: the line
 */
void entry_sync_kunit_print(const char *line)
{
	kunit_info(kunit_get_current_test(), "%s", line);
}
