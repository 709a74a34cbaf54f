// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of what is taken over from a crashed kernel
 */

#include <kunit/test.h>
#include <linux/io.h>

#include "../copied.h"
#include "../did.h"
#include "../pasid.h"

/* PASID tables are at the first, at one in the middle and at the last place. */
#define NUM_DIRS	(128 << 1)
#define NUM_TABLES	3

static const unsigned int places[NUM_TABLES] = { 0, 77, NUM_DIRS - 1 };

static void *make_page(struct kunit *test, size_t size)
{
	void *page = kunit_kzalloc(test, max_t(size_t, size, SZ_4K), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static void make_entry(struct pasid_entry *pe, u16 did)
{
	pe->val[0] = PASID_PE_P;
	pe->val[1] = FIELD_PREP(PASID_PE_DID, did);
}

/* No domain gets an id that an entry of the crashed kernel has. */
static void dids_are_reserved(struct kunit *test)
{
	static const u16 used[] = { 0, FLPT_DEFAULT_DID, 2, 4, 7, 63 };
	struct intel_iommu *iommu = make_page(test, sizeof(*iommu));
	struct pasid_dir_entry *dir = make_page(test, NUM_DIRS * sizeof(*dir));
	struct context_entry entry = {};
	struct pasid_entry *table[NUM_TABLES];
	unsigned int i;
	int did;

	ida_init(&iommu->domain_ida);
	mutex_init(&iommu->did_lock);
	iommu->max_domain_id = 64;
	for (i = 0; i < NUM_TABLES; i++) {
		table[i] = make_page(test, SZ_4K);
		dir[places[i]].val = virt_to_phys(table[i]) | PASID_PDE_P;
	}
	/* Beyond the directory, and not present */
	dir[1].val = virt_to_phys(table[0] + 1) & PASID_PDE_TABLE;
	for (i = 0; i < ARRAY_SIZE(used); i++)
		make_entry(&table[i % NUM_TABLES][i * 12], used[i]);
	make_entry(&table[2][63], 9);
	make_entry(&table[1][1], 11);
	table[1][1].val[0] = 0;
	/* Two devices in one domain */
	make_entry(&table[0][63], 7);

	/* PDTS 1: 2^8 directory entries */
	entry.lo = virt_to_phys(dir) | BIT_ULL(9) | BIT_ULL(3) | BIT_ULL(0);
	copied_reserve_dids(iommu, &entry);

	mutex_lock(&iommu->did_lock);
	while ((did = did_alloc(iommu)) >= 0) {
		for (i = 0; i < ARRAY_SIZE(used); i++)
			KUNIT_EXPECT_NE(test, did, used[i]);
		KUNIT_EXPECT_NE(test, did, 9);
		if (did == 11)
			entry.hi = did;
	}
	mutex_unlock(&iommu->did_lock);
	/* What no present entry has is free. */
	KUNIT_EXPECT_EQ(test, entry.hi, 11);
	ida_destroy(&iommu->domain_ida);
}

static struct kunit_case copied_cases[] = {
	KUNIT_CASE(dids_are_reserved),
	{}
};

static struct kunit_suite copied_suite = {
	.name = "intel_copied",
	.test_cases = copied_cases,
};

kunit_test_suite(copied_suite);
