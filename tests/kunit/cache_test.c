// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of cache tags: which attachments share one, and that they are found
 */

#include <kunit/test.h>

#include "attach_change.h"
#include "attach_world.h"

#define DID		7
#define NUM_PASIDS	1000
/* More than fit into one submission */
#define NUM_FLUSHED	50

/* Tags of one domain and one device, which is attached to it */
struct tags {
	struct attach_world *world;
	enum world_kind kind;
};

static struct iommu_domain *domain_of(const struct tags *tags)
{
	return tags->world->domain[tags->kind].domain;
}

static struct device *device_of(const struct tags *tags)
{
	return &tags->world->pci[WORLD_DEVICE].pdev.dev;
}

static struct tags make_tags(struct kunit *test,
			     const struct world_config *config,
			     enum world_kind kind)
{
	struct tags tags = { attach_world_make(test, config), kind };

	change_attach(tags.world, WORLD_DEVICE, kind);
	return tags;
}

static void assign(const struct tags *tags, ioasid_t pasid)
{
	KUNIT_ASSERT_EQ(tags->world->test, 0,
			driver_assign_tags(domain_of(tags), device_of(tags),
					   DID, pasid));
}

static void unassign(const struct tags *tags, ioasid_t pasid)
{
	driver_unassign_tags(domain_of(tags), device_of(tags), DID, pasid);
}

static void expect_tags(const struct tags *tags, unsigned int iotlb,
			unsigned int atc)
{
	struct intel_iommu *iommu = &tags->world->unit[0].iommu;

	KUNIT_EXPECT_EQ(tags->world->test,
			driver_count_tags(domain_of(tags), iommu, false), iotlb);
	KUNIT_EXPECT_EQ(tags->world->test,
			driver_count_tags(domain_of(tags), iommu, true), atc);
}

static void end(const struct tags *tags)
{
	change_attach(tags->world, WORLD_DEVICE, WORLD_BLOCKED);
	expect_tags(tags, 0, 0);
	world_check_idle(tags->world);
}

/* However many there are, each is found. */
static void check_many(const struct tags *tags, unsigned int expected)
{
	ioasid_t pasid;

	for (pasid = 1; pasid <= NUM_PASIDS; pasid++)
		assign(tags, pasid);
	expect_tags(tags, 1 + expected, 1 + NUM_PASIDS);

	for (pasid = 1; pasid <= NUM_PASIDS; pasid++)
		unassign(tags, pasid);
	expect_tags(tags, 1, 1);
	end(tags);
}

static void second_stages_share(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1, .ats = true,
	};
	struct tags tags = make_tags(test, &config, WORLD_SS);

	check_many(&tags, 1);
}

static void first_stages_do_not(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1, .ats = true, .scalable = true,
	};
	struct tags tags = make_tags(test, &config, WORLD_FS);

	check_many(&tags, NUM_PASIDS);
}

static void tags_are_counted(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct tags tags = make_tags(test, &config, WORLD_SS);

	assign(&tags, 1);
	assign(&tags, 1);
	expect_tags(&tags, 2, 0);
	unassign(&tags, 1);
	expect_tags(&tags, 2, 0);
	unassign(&tags, 1);
	expect_tags(&tags, 1, 0);
	/* One too many is noticed, and nothing. */
	kunit_warning_suppress(test) {
		unassign(&tags, 1);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	expect_tags(&tags, 1, 0);
	end(&tags);
}

/* Each must be told, in no more submissions than needed. */
static void check_flush(const struct tags *tags, unsigned int iotlb)
{
	struct attach_world *world = tags->world;
	const struct unit_counts *counts = &world->unit[0].model->counts;
	ioasid_t pasid;

	for (pasid = 1; pasid <= NUM_FLUSHED; pasid++)
		assign(tags, pasid);
	unit_clear_counts(&world->machine);
	world_unmap(world, tags->kind, BIT(WORLD_REGION_VICTIM));
	KUNIT_EXPECT_STREQ(world->test, world->machine.failure, "");
	KUNIT_EXPECT_EQ(world->test, counts->atcs, NUM_FLUSHED + 1);
	KUNIT_EXPECT_EQ(world->test, counts->descs, iotlb + NUM_FLUSHED + 1);
	KUNIT_EXPECT_LE(world->test, counts->submissions,
			DIV_ROUND_UP(iotlb + NUM_FLUSHED + 2,
				     QI_MAX_BATCHED_DESC_COUNT - 2));
	for (pasid = 1; pasid <= NUM_FLUSHED; pasid++)
		unassign(tags, pasid);
	end(tags);
}

static void many_are_flushed(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1, .ats = true, .scalable = true,
	};
	struct tags second = make_tags(test, &config, WORLD_SS), first;

	check_flush(&second, 2);
	first = (struct tags){ second.world, WORLD_FS };
	change_attach(first.world, WORLD_DEVICE, WORLD_FS);
	check_flush(&first, NUM_FLUSHED + 1);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(tags_are_counted),
	KUNIT_CASE(second_stages_share),
	KUNIT_CASE(first_stages_do_not),
	KUNIT_CASE(many_are_flushed),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "intel_cache_tags",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
