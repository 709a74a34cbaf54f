// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of VT-d's entries: how they are built, and how they change
 *
 * The table below is what the driver promises; see the hardware facts in the
 * comments of pasid.c and context.c for the reasons.
 */

#include "entry_sync_check.h"
#include "iommu.h"
#include "pasid.h"

static const struct entry_sync_format pasid_format = {
	.ops = {
		.get_used = pasid_entry_get_used,
		.get_update_safe = pasid_entry_get_update_safe,
	},
	.num_words = 8,
	.present_mask = PASID_PE_P,
};

static const struct entry_sync_format legacy_format = {
	.ops = {
		.get_used = context_entry_get_used_legacy,
		.get_update_safe = context_entry_get_update_safe,
	},
	.num_words = 2,
	.present_mask = BIT_ULL(0),
};

static const struct entry_sync_format scalable_format = {
	.ops = {
		.get_used = context_entry_get_used_scalable,
		.get_update_safe = context_entry_get_update_safe,
	},
	.num_words = 2,
	.present_mask = BIT_ULL(0),
};

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
	const struct iommu_hwpt_vtd_s1 s1 = {
		.flags = IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_WPE | IOMMU_VTD_S1_EAFE,
		.pgtbl_addr = 0x99999000,
		.addr_width = ADDR_WIDTH_5LEVEL,
	};
	const struct iommu_hwpt_vtd_s1 user_only = {
		.flags = IOMMU_VTD_S1_WPE,
		.pgtbl_addr = 0x99999000,
		.addr_width = ADDR_WIDTH_4LEVEL,
	};
	struct pasid_entry pe;

	pasid_entry_make_nested(&pe, 0x77, &s1, &ss, true);
	KUNIT_EXPECT_EQ(test, pe.val[0], 0xabcde0c9);
	KUNIT_EXPECT_EQ(test, pe.val[1], 0x1000077);
	KUNIT_EXPECT_EQ(test, pe.val[2], 0x99999095);
	expect_all_used(test, &pe);

	/* Write protection is about supervisor requests only. */
	pasid_entry_make_nested(&pe, 0x77, &user_only, &ss, false);
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
	struct context_entry ce;

	context_entry_make_second_stage(&ce, 0x1234, 0xabcde000, 2, false);
	KUNIT_EXPECT_EQ(test, ce.lo, 0xabcde001);
	KUNIT_EXPECT_EQ(test, ce.hi, 0x123402);

	context_entry_make_second_stage(&ce, 0x1234, 0xabcde000, 2, true);
	KUNIT_EXPECT_EQ(test, ce.lo, 0xabcde005);

	context_entry_make_pass_through(&ce, 1, 3);
	KUNIT_EXPECT_EQ(test, ce.lo, 0x9);
	KUNIT_EXPECT_EQ(test, ce.hi, 0x103);

	/* 2^20 PASIDs: 2^14 directory entries */
	context_entry_make_scalable(&ce, 0xabcde000, BIT(20),
				    CONTEXT_SM_DTE | CONTEXT_SM_PASIDE |
				    CONTEXT_SM_PRE);
	KUNIT_EXPECT_EQ(test, ce.lo, 0xabcdee1d);
	KUNIT_EXPECT_EQ(test, ce.hi, 0);

	/* One page: 2^9 directory entries */
	context_entry_make_scalable(&ce, 0xabcde000, BIT(15), 0);
	KUNIT_EXPECT_EQ(test, ce.lo, 0xabcde401);
}

/* Entries to go from and to: two of each kind that differ in all they can. */
enum kind { NONE, FS, FS2, FS_SAME_DID, SS, SS2, NESTED, NESTED2, PT, NUM_KINDS };

static const char * const kind_names[] = {
	"none", "FS", "FS2", "FS-did", "SS", "SS2", "nested", "nested2", "PT",
};

static void make_kind(struct pasid_entry *pe, enum kind kind)
{
	const struct pasid_first_stage fs[] = {
		{ .fsptptr = 0x1000000, .walk_snoop = true },
		{ .fsptptr = 0x2000000, .walk_snoop = true },
	};
	const struct pasid_second_stage ss[] = {
		{ .ssptptr = 0x3000000, .aw = 2, .walk_snoop = true },
		{ .ssptptr = 0x4000000, .aw = 3, .dirty_tracking = true },
	};
	const struct iommu_hwpt_vtd_s1 s1[] = {
		{ .pgtbl_addr = 0x5000000, .addr_width = ADDR_WIDTH_4LEVEL },
		{ .pgtbl_addr = 0x6000000, .addr_width = ADDR_WIDTH_5LEVEL },
	};

	*pe = (struct pasid_entry){};
	switch (kind) {
	case FS:
		return pasid_entry_make_first_stage(pe, 10, 2, &fs[0]);
	case FS2:
		return pasid_entry_make_first_stage(pe, 11, 2, &fs[1]);
	case FS_SAME_DID:
		return pasid_entry_make_first_stage(pe, 10, 2, &fs[1]);
	case SS:
		return pasid_entry_make_second_stage(pe, 12, &ss[0]);
	case SS2:
		return pasid_entry_make_second_stage(pe, 13, &ss[1]);
	case NESTED:
		return pasid_entry_make_nested(pe, 14, &s1[0], &ss[0], false);
	case NESTED2:
		return pasid_entry_make_nested(pe, 15, &s1[1], &ss[0], true);
	case PT:
		return pasid_entry_make_pass_through(pe, 1, 2, true);
	default:
		return;
	}
}

/*
 * With the 128-bit quantum, from a row's kind to a column's: verdict, stores,
 * syncs. = unchanged, h hitless, B breaking.
 */
static const char * const expected_128[NUM_KINDS][NUM_KINDS] = {
/* to:		  none   FS     FS2    FSdid  SS     SS2    nested nest.2 PT */
/* none */	{ "=00", "h22", "h22", "h22", "h11", "h11", "h22", "h22", "h11" },
/* FS */	{ "h32", "=00", "B33", "h11", "h22", "h22", "B33", "B33", "h22" },
/* FS2 */	{ "h32", "B33", "=00", "h11", "h22", "h22", "B33", "B33", "h22" },
/* FS-did */	{ "h32", "h11", "h11", "=00", "h22", "h22", "B33", "B33", "h22" },
/* SS */	{ "h22", "h22", "h22", "h22", "=00", "h11", "h22", "h22", "h11" },
/* SS2 */	{ "h22", "h22", "h22", "h22", "h11", "=00", "h22", "h22", "h11" },
/* nested */	{ "h32", "B33", "B33", "B33", "h22", "h22", "=00", "B33", "h22" },
/* nested2 */	{ "h32", "B33", "B33", "B33", "h22", "h22", "B33", "=00", "h22" },
/* PT */	{ "h22", "h22", "h22", "h22", "h11", "h11", "h22", "h22", "=00" },
};

static void describe(char *text, const struct entry_sync_result *result)
{
	static const char verdicts[] = {
		[ENTRY_SYNC_INVALID] = '?',
		[ENTRY_SYNC_UNCHANGED] = '=',
		[ENTRY_SYNC_HITLESS] = 'h',
		[ENTRY_SYNC_BREAKING] = 'B',
	};

	sprintf(text, "%c%u%u", verdicts[result->verdict], result->stores,
		result->syncs);
}

static void change_pasid_entry_128_bit(struct kunit *test)
{
	struct entry_sync_counts counts = {};
	struct entry_sync_result result;
	struct pasid_entry old, new;
	enum kind from, to;
	char text[16];

	if (entry_sync_quantum_words(2) != 2)
		kunit_skip(test, "the CPU has no 16-byte store");

	for (from = 0; from < NUM_KINDS; from++) {
		for (to = 0; to < NUM_KINDS; to++) {
			make_kind(&old, from);
			make_kind(&new, to);
			result = entry_sync_check(test, &pasid_format, 2,
						  old.val, new.val, &counts);
			describe(text, &result);
			KUNIT_EXPECT_STREQ_MSG(test, text,
					       expected_128[from][to],
					       "from %s to %s", kind_names[from],
					       kind_names[to]);
		}
	}
	kunit_info(test, "pairs=%u windows=%u fetches=%u",
		   NUM_KINDS * NUM_KINDS, counts.windows, counts.fetches);
}

/* Without 16-byte stores much breaks; what matters is that nothing is torn. */
static void change_pasid_entry_64_bit(struct kunit *test)
{
	struct entry_sync_counts counts = {};
	struct pasid_entry old, new;
	enum kind from, to;

	for (from = 0; from < NUM_KINDS; from++) {
		for (to = 0; to < NUM_KINDS; to++) {
			make_kind(&old, from);
			make_kind(&new, to);
			entry_sync_check(test, &pasid_format, 1, old.val,
					 new.val, &counts);
		}
	}
	kunit_info(test, "pairs=%u windows=%u fetches=%u",
		   NUM_KINDS * NUM_KINDS, counts.windows, counts.fetches);
}

static void check_contexts(struct kunit *test,
			   const struct entry_sync_format *format,
			   const struct context_entry *entries, unsigned int num)
{
	unsigned int max = entry_sync_quantum_words(2), quantum, from, to;
	struct entry_sync_counts counts = {};
	struct entry_sync_result result;

	for (quantum = 1; quantum <= max; quantum++) {
		for (from = 0; from < num; from++) {
			for (to = 0; to < num; to++) {
				result = entry_sync_check(test, format, quantum,
							  &entries[from].lo,
							  &entries[to].lo,
							  &counts);
				/* One quantum: always hitless. */
				if (quantum == 2)
					KUNIT_EXPECT_LE(test, result.verdict,
							ENTRY_SYNC_HITLESS);
			}
		}
	}
}

static void change_context_entry(struct kunit *test)
{
	struct context_entry legacy[5] = {}, scalable[3] = {};

	context_entry_make_second_stage(&legacy[1], 10, 0x1000000, 2, false);
	context_entry_make_second_stage(&legacy[2], 11, 0x2000000, 3, false);
	context_entry_make_second_stage(&legacy[3], 12, 0x2000000, 2, true);
	context_entry_make_pass_through(&legacy[4], 1, 3);
	check_contexts(test, &legacy_format, legacy, ARRAY_SIZE(legacy));

	context_entry_make_scalable(&scalable[1], 0x1000000, BIT(20), 0);
	context_entry_make_scalable(&scalable[2], 0x2000000, BIT(15),
				    CONTEXT_SM_DTE | CONTEXT_SM_PASIDE);
	check_contexts(test, &scalable_format, scalable, ARRAY_SIZE(scalable));
}

static struct kunit_case vtd_entry_cases[] = {
	KUNIT_CASE(build_first_stage),
	KUNIT_CASE(build_second_stage),
	KUNIT_CASE(build_nested),
	KUNIT_CASE(build_pass_through),
	KUNIT_CASE(build_context),
	KUNIT_CASE(change_pasid_entry_128_bit),
	KUNIT_CASE(change_pasid_entry_64_bit),
	KUNIT_CASE(change_context_entry),
	{}
};

static struct kunit_suite vtd_entry_suite = {
	.name = "intel_iommu_entry",
	.test_cases = vtd_entry_cases,
};

kunit_test_suite(vtd_entry_suite);
