// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of VT-d's entries: how they are built, to the bit, and every fetch
 * of every change
 */

#include <kunit/test.h>
#include <linux/bitfield.h>

#include "../../entry_sync_kunit.h"
#include "../entry_format.h"
#include "entry_format_layout.h"

static const struct entry_sync_case entry_format_params[] = {
	{ &pasid_layout, 1 }, { &pasid_layout, 2 },
	{ &context_legacy_layout, 1 }, { &context_legacy_layout, 2 },
	{ &context_scalable_layout, 1 }, { &context_scalable_layout, 2 },
};

KUNIT_ARRAY_PARAM(entry_format, entry_format_params, entry_sync_kunit_describe);

/* All fields of @pe, but not more, are to be found in its used mask. */
static void expect_all_used(struct kunit *test, const struct pasid_entry *pe)
{
	u64 used[8] = {};
	unsigned int i;

	pasid_entry_get_used(pe->val, used);
	for (i = 0; i < ARRAY_SIZE(used); i++)
		KUNIT_EXPECT_EQ_MSG(test, pe->val[i] & ~used[i], 0, "word %u", i);
}

static void build_first_stage(struct kunit *test)
{
	const struct pasid_first_stage plain = { .fsptptr = 0x12345000 };
	const struct pasid_first_stage all = {
		.fsptptr = 0x12345000,
		.five_level = true,
		.page_snoop = true,
		.walk_snoop = true,
	};
	struct pasid_entry pe;

	pasid_entry_make_first_stage(&pe, 0x77, 2, &plain);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0x49);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x77);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0x12345000);
	expect_all_used(test, &pe);

	pasid_entry_make_first_stage(&pe, 0xffff, 2, &all);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0x49);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x180ffff);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0x12345004);
	expect_all_used(test, &pe);
}

static void build_second_stage(struct kunit *test)
{
	const struct pasid_second_stage plain = {
		.ssptptr = 0xabcde000,
		.aw = 2,
	};
	const struct pasid_second_stage all = {
		.ssptptr = 0xabcde000,
		.aw = 3,
		.walk_snoop = true,
		.dirty_tracking = true,
	};
	struct pasid_entry pe;

	pasid_entry_make_second_stage(&pe, 0x77, &plain);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0xabcde089);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x77);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0);
	expect_all_used(test, &pe);

	pasid_entry_make_second_stage(&pe, 0x77, &all);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0xabcde28d);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x800077);
	expect_all_used(test, &pe);
}

static void build_nested(struct kunit *test)
{
	const struct pasid_second_stage ss = { .ssptptr = 0xabcde000, .aw = 2 };
	const struct pasid_first_stage all = {
		.fsptptr = 0x99999000,
		.five_level = true,
		.page_snoop = true,
		.supervisor = true,
		.write_protect = true,
		.extended_access = true,
	};
	const struct pasid_first_stage user_only = {
		.fsptptr = 0x99999000,
		.write_protect = true,
	};
	struct pasid_entry pe;

	pasid_entry_make_nested(&pe, 0x77, &all, &ss);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0xabcde0c9);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x1000077);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0x99999095);
	expect_all_used(test, &pe);

	/* Write protection is about supervisor requests only. */
	pasid_entry_make_nested(&pe, 0x77, &user_only, &ss);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x77);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0x99999000);
	expect_all_used(test, &pe);
}

static void build_pass_through(struct kunit *test)
{
	struct pasid_entry pe;

	pasid_entry_make_pass_through(&pe, 1, 2, true);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0x109);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x800001);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0);
	expect_all_used(test, &pe);
}

static void build_context(struct kunit *test)
{
	struct context_words ce;

	context_entry_make_second_stage(&ce, 0x1234, 0xabcde000, 2, false);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0xabcde001);
	KUNIT_EXPECT_EQ(test, ce.val[1], 0x123402);

	context_entry_make_second_stage(&ce, 0x1234, 0xabcde000, 2, true);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0xabcde005);

	/* The ATC is the device's, not its alias's. */
	context_entry_make_alias(&ce);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0xabcde001);
	KUNIT_EXPECT_EQ(test, ce.val[1], 0x123402);

	context_entry_make_pass_through(&ce, 1, 3);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0x9);
	KUNIT_EXPECT_EQ(test, ce.val[1], 0x103);
	context_entry_make_alias(&ce);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0x9);

	/* For 2^20 PASIDs */
	context_entry_make_scalable(&ce, 0xabcde000, BIT(14),
				    CONTEXT_SM_DTE | CONTEXT_SM_PASIDE |
				    CONTEXT_SM_PRE);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0xabcdee1d);
	KUNIT_EXPECT_EQ(test, ce.val[1], 0);

	/* One page */
	context_entry_make_scalable(&ce, 0xabcde000, BIT(9), 0);
	KUNIT_EXPECT_EQ(test, ce.val[0], 0xabcde401);
}

/* Of a type that nobody knows, hardware may look at anything. */
static void unknown_type(struct kunit *test)
{
	const struct pasid_entry pe = {
		.val = { PASID_PE_P | FIELD_PREP(PASID_PE_PGTT, 7) },
	};
	struct pasid_entry used = {};
	unsigned int i;

	pasid_entry_get_used(pe.val, used.val);
	for (i = 0; i < ARRAY_SIZE(used.val); i++)
		KUNIT_EXPECT_EQ(test, used.val[i], U64_MAX);
}

static void table_128_bit(struct kunit *test)
{
	struct entry_sync_check *ck = entry_sync_kunit_start(test, 2);

	pasid_layout_check_table(2, ck, entry_sync_kunit_print);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

static void table_64_bit(struct kunit *test)
{
	struct entry_sync_check *ck = entry_sync_kunit_start(test, 1);

	pasid_layout_check_table(1, ck, entry_sync_kunit_print);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

static struct kunit_case vtd_entry_cases[] = {
	KUNIT_CASE(build_first_stage),
	KUNIT_CASE(build_second_stage),
	KUNIT_CASE(build_nested),
	KUNIT_CASE(build_pass_through),
	KUNIT_CASE(build_context),
	KUNIT_CASE(unknown_type),
	KUNIT_CASE(table_128_bit),
	KUNIT_CASE(table_64_bit),
	KUNIT_CASE_PARAM(entry_sync_kunit_used, entry_format_gen_params),
	KUNIT_CASE_PARAM_ATTR(entry_sync_kunit_all_pairs, entry_format_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite vtd_entry_suite = {
	.name = "intel_iommu_entry",
	.test_cases = vtd_entry_cases,
};

kunit_test_suite(vtd_entry_suite);
