// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of allocations that fail
 *
 * The first allocation of an attachment or a probe fails, then the second and
 * so on until it makes fewer. What fails has done nothing.
 */

#include <kunit/test.h>

#include "attach_change.h"
#include "attach_world.h"
#include "failing_alloc.h"

static const struct world_config memory_params[] = {
	{ .scalable = true, .quantum_words = 2 },
	{ .scalable = true, .quantum_words = 2, .far = true, .ats = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .caching_mode = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 40045, .incoherent = true },
	{ .scalable = true, .quantum_words = 2, .alias = WORLD_ALIAS },
	{ .quantum_words = 2, .far = true },
	{ .quantum_words = 1, .ats = true, .caching_mode = true },
	{ .quantum_words = 2, .alias = WORLD_ALIAS, .ats = true },
};

KUNIT_ARRAY_PARAM(memory, memory_params, change_describe_config);

/* Make a change without the nth allocation. */
static struct world_result try(struct attach_world *world, struct change change,
			       unsigned int nth)
{
	struct world_result result;

	world->failing = nth;
	result = change_try(world, change);
	if (!result.ret)
		return result;
	KUNIT_EXPECT_EQ_MSG(world->test, result.ret, -ENOMEM, "%s to %s",
			    world_kind_name(change.from),
			    world_kind_name(change.to));
	KUNIT_EXPECT_TRUE(world->test, result.no_memory);
	return result;
}

/* Attach until no allocation is left to fail; returns how often that failed. */
static unsigned int run_change(struct attach_world *world, struct change change)
{
	unsigned int nth = 1, refused = 0;
	struct world_result result;

	change_set_up(world, change);
	do {
		change_attach(world, WORLD_DEVICE, change.from);
		result = try(world, change, nth++);
		refused += result.ret == -ENOMEM;
	} while (result.no_memory);
	KUNIT_EXPECT_TRUE(world->test, refused == 0 || change.to != WORLD_BLOCKED);
	change_tear_down(world, change);
	return refused;
}

static void attaches(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum change_sharing sharing;
	unsigned int refused = 0;
	struct change change;

	if (!failing_alloc_allow(test))
		kunit_skip(test, "the kernel has no fault injection");
	for (sharing = CHANGE_OWN; sharing <= CHANGE_SHARED_OLD; sharing++) {
		change = change_start(sharing);
		while (change_next(world, &change))
			refused += run_change(world, change);
	}
	KUNIT_EXPECT_GT(test, refused, 0);
}

static void reprobe(struct attach_world *world, enum world_device which)
{
	struct world_pci *pci = world->requester[which].pci;

	world_pci_release(world, pci);
	KUNIT_ASSERT_EQ(world->test, world_pci_probe(world, pci), 0);
	unit_observe_all(&world->machine);
}

/* The first attachment of a device makes tables that others find. */
static void first_attaches(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { .from = WORLD_BLOCKED };
	unsigned int nth, refused = 0;
	struct world_result result;

	if (!failing_alloc_allow(test))
		kunit_skip(test, "the kernel has no fault injection");
	for (change.to = WORLD_FS; change.to < WORLD_NUM_KINDS; change.to++) {
		if (!world_can_attach(world, WORLD_DEVICE, change.to))
			continue;
		nth = 1;
		do {
			change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
			reprobe(world, WORLD_DEVICE);
			result = try(world, change, nth++);
			refused += result.ret == -ENOMEM;
		} while (result.no_memory);
	}
	KUNIT_EXPECT_GT(test, refused, 0);
	world_block_all(world);
	world_check_idle(world);
}

/* A device that could not be probed can be once there is memory. */
static void probes(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_pci *pci = world->requester[WORLD_DEVICE].pci;
	unsigned int nth = 1, refused = 0;
	bool failed;
	int ret;

	if (!failing_alloc_allow(test))
		kunit_skip(test, "the kernel has no fault injection");
	do {
		world_pci_release(world, pci);
		unit_observe_all(&world->machine);
		failing_alloc_set(nth++);
		ret = world_pci_probe(world, pci);
		failed = !failing_alloc_set(0);
		unit_observe_all(&world->machine);
		KUNIT_EXPECT_TRUE(test, !ret || (ret == -ENOMEM && failed));
		refused += ret == -ENOMEM;
		change_report(world, (struct change){}, "probing");
	} while (failed);
	KUNIT_EXPECT_GT(test, refused, 0);

	change_attach(world, WORLD_DEVICE, WORLD_IDENTITY);
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
}

/* Nobody handles page requests of what is not attached. */
static void handlers(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct change change = { .from = WORLD_BLOCKED, .to = WORLD_SVA };
	struct device *dev = &world->pci[WORLD_DEVICE].pdev.dev;
	struct iommu_domain *domain = world->domain[WORLD_SVA].domain;
	struct world_result result;
	unsigned int nth = 1;

	if (!failing_alloc_allow(test))
		kunit_skip(test, "the kernel has no fault injection");
	if (!world_has(world, WORLD_SVA))
		kunit_skip(test, "the kernel or the CPU has no SVA");
	KUNIT_ASSERT_EQ(test, driver_handle_faults(domain, dev), 0);
	for (;;) {
		change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
		result = try(world, change, nth++);
		if (!result.no_memory)
			break;
		KUNIT_EXPECT_EQ(test, driver_count_handled(dev),
				result.ret ? 0 : 1);
	}
	KUNIT_EXPECT_GT(test, nth, 2);
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	driver_ignore_faults(domain, dev);
	world_check_idle(world);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_PARAM(attaches, memory_gen_params),
	KUNIT_CASE_PARAM(first_attaches, memory_gen_params),
	KUNIT_CASE_PARAM(probes, memory_gen_params),
	KUNIT_CASE(handlers),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "intel_no_memory",
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
