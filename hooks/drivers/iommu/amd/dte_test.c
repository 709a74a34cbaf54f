// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of updates of device table entries
 */

#include <kunit/test.h>

#include "../entry_sync_kunit.h"
#include "amd_iommu.h"
#include "dte_layout.h"

/* The table of fields with the driver's own idea of it */
static struct entry_layout driver_layout;

static const struct entry_sync_case dte_params[] = {
	{ &driver_layout, 1 }, { &driver_layout, 2 },
};

KUNIT_ARRAY_PARAM(dte_case, dte_params, entry_sync_kunit_describe);

static void compare_with_before(struct kunit *test)
{
	struct entry_sync_check *ck = entry_sync_kunit_start(test, 2);

	amd_iommu_dte_compare(ck, entry_sync_kunit_print);
	KUNIT_EXPECT_STREQ(test, ck->failure, "");
}

static int dte_suite_init(struct kunit_suite *suite)
{
	driver_layout = amd_iommu_dte_layout;
	driver_layout.format.ops.get_used = amd_iommu_dte_get_used;
	return 0;
}

static struct kunit_case dte_cases[] = {
	KUNIT_CASE_PARAM(entry_sync_kunit_used, dte_case_gen_params),
	KUNIT_CASE_PARAM_ATTR(entry_sync_kunit_all_pairs, dte_case_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(compare_with_before),
	{}
};

static struct kunit_suite dte_suite = {
	.name = "amd_iommu_dte",
	.suite_init = dte_suite_init,
	.test_cases = dte_cases,
};

kunit_test_suite(dte_suite);
