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
	unsigned int each = world->config.tell_twice ? 2 : 1;
	unsigned int atcs = each * (NUM_FLUSHED + 1);
	ioasid_t pasid;

	for (pasid = 1; pasid <= NUM_FLUSHED; pasid++)
		assign(tags, pasid);
	unit_clear_counts(&world->machine);
	world_unmap(world, tags->kind, BIT(WORLD_REGION_VICTIM));
	KUNIT_EXPECT_STREQ(world->test, world->machine.failure, "");
	KUNIT_EXPECT_EQ(world->test, counts->atcs, atcs);
	KUNIT_EXPECT_EQ(world->test, counts->descs, iotlb + atcs);
	KUNIT_EXPECT_LE(world->test, counts->submissions,
			DIV_ROUND_UP(iotlb + atcs + 1,
				     QI_MAX_BATCHED_DESC_COUNT - 1 - each));
	for (pasid = 1; pasid <= NUM_FLUSHED; pasid++)
		unassign(tags, pasid);
	end(tags);
}

static const struct world_config flush_params[] = {
	{ .quantum_words = 1, .ats = true, .scalable = true },
	{ .quantum_words = 1, .ats = true, .scalable = true,
	  .tell_twice = true },
};

KUNIT_ARRAY_PARAM(flush, flush_params, change_describe_config);

static void many_are_flushed(struct kunit *test)
{
	struct tags second = make_tags(test, test->param_value, WORLD_SS), first;

	check_flush(&second, 2);
	first = (struct tags){ second.world, WORLD_FS };
	change_attach(first.world, WORLD_DEVICE, WORLD_FS);
	check_flush(&first, NUM_FLUSHED + 1);
}

static const struct world_config map_params[] = {
	{ .quantum_words = 1, .caching_mode = true },
	{ .quantum_words = 1, .caching_mode = true, .scalable = true,
	  .ats = true },
	{ .quantum_words = 1, .caching_mode = true, .no_queue = true },
};

KUNIT_ARRAY_PARAM(map, map_params, change_describe_config);

/* What a unit has cached as not mapped, it finds when it is. */
static void new_mappings_are_seen(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_DEVICE, kind))
			continue;
		change_attach(world, WORLD_DEVICE, kind);
		world_unmap(world, kind, WORLD_REGIONS);
		world_map(world, kind, WORLD_REGIONS, GFP_KERNEL);
		unit_clear_counts(&world->machine);
		unit_observe_all(&world->machine);
		KUNIT_EXPECT_EQ_MSG(test, kind == WORLD_BLOCKED,
				    world->requester[WORLD_DEVICE].seen->fault,
				    "%s", world_kind_name(kind));
		KUNIT_EXPECT_STREQ(test, world->machine.failure, "");
	}
}

static const struct world_config units_params[] = {
	{ .quantum_words = 1, .far = true },
	{ .quantum_words = 1, .far = true, .scalable = true },
	{ .quantum_words = 1, .far = true, .ats = true },
	{ .quantum_words = 1, .far = true, .ats = true, .scalable = true },
	{ .quantum_words = 1, .far = true, .no_queue = true },
};

KUNIT_ARRAY_PARAM(units, units_params, change_describe_config);

/* Both at the same time, and again if one has given up */
static void flush_both(struct attach_world *world, enum world_kind kind)
{
	const struct unit_counts *second = &world->unit[1].model->counts;
	struct unit_model *first = world->unit[0].model;

	unit_clear_counts(&world->machine);
	world_unmap(world, kind, BIT(WORLD_REGION_VICTIM));
	/* Not while devices are asked */
	KUNIT_EXPECT_EQ(world->test, second->beside,
			first->iommu->qi && !world->config.ats);
	KUNIT_EXPECT_EQ(world->test, first->counts.waits, 1);
	KUNIT_EXPECT_EQ(world->test, second->waits, 1);

	first->gives_up = true;
	world_unmap(world, kind, WORLD_REGIONS & ~BIT(WORLD_REGION_VICTIM));
	first->gives_up = false;
	KUNIT_EXPECT_STREQ(world->test, world->machine.failure, "");
}

/* Each unit that a domain is attached to is told, and in its own words. */
static void all_units_are_flushed(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_DEVICE, kind))
			continue;
		/* The second unit has other ids. */
		change_attach(world, WORLD_FAR_NEW, WORLD_PRIVATE);
		change_attach(world, WORLD_FAR_OLD, kind);
		change_attach(world, WORLD_DEVICE, kind);
		if (world->domain[kind].mapped)
			flush_both(world, kind);
		world_remap(world);
		world_block_all(world);
	}
	world_check_idle(world);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(tags_are_counted),
	KUNIT_CASE(second_stages_share),
	KUNIT_CASE(first_stages_do_not),
	KUNIT_CASE_PARAM(many_are_flushed, flush_gen_params),
	KUNIT_CASE_PARAM(new_mappings_are_seen, map_gen_params),
	KUNIT_CASE_PARAM(all_units_are_flushed, units_gen_params),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "intel_cache_tags",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
