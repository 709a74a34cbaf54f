// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of updates of stream table entries and context descriptors
 */

#include <kunit/test.h>

#include "../../entry_sync_kunit.h"
#include "arm-smmu-v3-layout.h"
#include "arm-smmu-v3.h"

/* The tables of fields with the driver's own idea of them */
static struct entry_layout driver_ste, driver_cd;

static const struct entry_sync_case entry_params[] = {
	{ &driver_ste, 1 }, { &driver_cd, 1 },
};

KUNIT_ARRAY_PARAM(entry_case, entry_params, entry_sync_kunit_describe);

static void compare_with_before(struct kunit *test)
{
	struct entry_sync_check *ck = entry_sync_kunit_start(test, 1);

	arm_smmu_ste_compare(ck, entry_sync_kunit_print);
	arm_smmu_cd_compare(ck, entry_sync_kunit_print);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

/* The driver's functions, as arm_smmu_write_entry() hands them to entry_sync */
static int entry_suite_init(struct kunit_suite *suite)
{
	struct entry_sync_ops *ste = &driver_ste.format.ops;
	struct entry_sync_ops *cd = &driver_cd.format.ops;

	driver_ste = arm_smmu_ste_layout;
	ste->get_used = (__force typeof(ste->get_used))arm_smmu_get_ste_used;
	ste->get_update_safe = (__force typeof(ste->get_update_safe))
		arm_smmu_get_ste_update_safe;
	driver_cd = arm_smmu_cd_layout;
	cd->get_used = (__force typeof(cd->get_used))arm_smmu_get_cd_used;
	return 0;
}

static struct kunit_case entry_cases[] = {
	KUNIT_CASE_PARAM(entry_sync_kunit_used, entry_case_gen_params),
	KUNIT_CASE_PARAM_ATTR(entry_sync_kunit_all_pairs, entry_case_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(compare_with_before),
	{}
};

static struct kunit_suite entry_suite = {
	.name = "arm-smmu-v3-entries",
	.suite_init = entry_suite_init,
	.test_cases = entry_cases,
};

kunit_test_suite(entry_suite);
