// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of cache tags: that they are found, and what finding one costs
 */

#include <kunit/test.h>
#include <linux/ktime.h>

#include "attach_change.h"
#include "attach_world.h"

#define COST_ROUNDS	1000
#define DID		7

/* All that can be recorded are tags of one device. */
struct tags {
	struct attach_world *world;
	struct iommu_domain *domain;
	struct device *dev;
};

static struct tags make_tags(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	return (struct tags){
		.world = world,
		.domain = world->domain[WORLD_SS].domain,
		.dev = &world->pci[WORLD_DEVICE].pdev.dev,
	};
}

static void assign(struct tags *tags, ioasid_t pasid)
{
	KUNIT_ASSERT_EQ(tags->world->test, 0,
			driver_assign_tag(tags->domain, tags->dev, DID, pasid));
}

static void unassign(struct tags *tags, ioasid_t pasid)
{
	driver_unassign_tag(tags->domain, tags->dev, DID, pasid);
}

static unsigned int count(struct tags *tags)
{
	return driver_count_tags(tags->domain, &tags->world->unit[0].iommu);
}

/* What it costs to attach once more, and to find the tag again by a walk */
static void print_cost(struct tags *tags, unsigned int attachments)
{
	u64 start, found, walk;
	unsigned int i;

	start = ktime_get_ns();
	for (i = 0; i < COST_ROUNDS; i++) {
		assign(tags, attachments + 1);
		unassign(tags, attachments + 1);
	}
	found = ktime_get_ns() - start;

	start = ktime_get_ns();
	for (i = 0; i < COST_ROUNDS; i++)
		count(tags);
	walk = ktime_get_ns() - start;

	kunit_info(tags->world->test, "cost: attachments=%u ns-per-attach-and-detach=%llu ns-per-walk=%llu",
		   attachments, div_u64(found, COST_ROUNDS),
		   div_u64(walk, COST_ROUNDS));
}

static void cost_of_tags(struct kunit *test)
{
	static const unsigned int attachments[] = { 1, 100, 1000 };
	struct tags tags = make_tags(test);
	unsigned int i, pasid = 0;

	for (i = 0; i < ARRAY_SIZE(attachments); i++) {
		while (pasid < attachments[i])
			assign(&tags, ++pasid);
		print_cost(&tags, attachments[i]);
	}
	KUNIT_EXPECT_EQ(test, count(&tags), pasid + 1);

	while (pasid)
		unassign(&tags, pasid--);
	change_attach(tags.world, WORLD_DEVICE, WORLD_BLOCKED);
	KUNIT_EXPECT_EQ(test, count(&tags), 0);
	KUNIT_EXPECT_NULL(test, driver_idle_flaw(tags.domain));
}

static void tags_are_counted(struct kunit *test)
{
	struct tags tags = make_tags(test);

	assign(&tags, 1);
	assign(&tags, 1);
	KUNIT_EXPECT_EQ(test, count(&tags), 2);
	unassign(&tags, 1);
	KUNIT_EXPECT_EQ(test, count(&tags), 2);
	unassign(&tags, 1);
	KUNIT_EXPECT_EQ(test, count(&tags), 1);
	/* One too many is nothing. */
	unassign(&tags, 1);
	KUNIT_EXPECT_EQ(test, count(&tags), 1);
	change_attach(tags.world, WORLD_DEVICE, WORLD_BLOCKED);
}

/* More than fit into one submission; each must be told. */
static void many_are_flushed(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
		.ats = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct tags tags = {
		.world = world,
		.domain = world->domain[WORLD_SS].domain,
		.dev = &world->pci[WORLD_DEVICE].pdev.dev,
	};
	const struct unit_counts *counts = &world->unit[0].model->counts;
	const unsigned int num = 50;
	unsigned int pasid;

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	for (pasid = 1; pasid <= num; pasid++)
		assign(&tags, pasid);
	unit_clear_counts(&world->machine);
	world_unmap(world, WORLD_SS, BIT(WORLD_REGION_VICTIM));
	KUNIT_EXPECT_STREQ(test, world->machine.failure, "");
	KUNIT_EXPECT_EQ(test, counts->atcs, num + 1);
	KUNIT_EXPECT_GE(test, counts->descs, num + 1);
	KUNIT_EXPECT_LE(test, counts->submissions,
			DIV_ROUND_UP(4 * num, QI_MAX_BATCHED_DESC_COUNT));
	while (pasid-- > 1)
		unassign(&tags, pasid);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(many_are_flushed),
	KUNIT_CASE(tags_are_counted),
	KUNIT_CASE(cost_of_tags),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "intel_cache_tags",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
