// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of what operations cost when a domain has many attachments
 *
 * Attachments are PASIDs of one device, of which no device in a guest has as many.
 * What the unit is asked for is asserted here. Where QEMU counts instructions, a
 * nanosecond is one: what is printed can be compared.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/ktime.h>

#include "attach_world.h"
#include "../cache.h"

#define ROUNDS		5
#define MOST		1000

enum operation { ATTACH, REPLACE, DETACH, FLUSH, TRACK, NUM_OPERATIONS };

static const char * const name[] = {
	[ATTACH] = "attach",
	[REPLACE] = "replace",
	[DETACH] = "detach",
	[FLUSH] = "unmap",
	[TRACK] = "track-dirty",
};

/* What an operation costs; of instructions, the fewest of some rounds */
struct cost {
	unsigned int submissions;
	unsigned int descs;
	u64 instructions;
};

static struct cost now;

/* The model would take longer than what is measured. */
static int count_submission(struct intel_iommu *iommu, struct qi_desc *desc,
			    unsigned int count, unsigned long options)
{
	now.submissions++;
	now.descs += count;
	return 0;
}

struct growth {
	struct attach_world *world;
	struct iommu_domain *domain;
	struct iommu_domain *other;
	struct iommu_domain *blocked;
	struct device *dev;
	struct cost cost[NUM_OPERATIONS];
};

static void set_pasid(struct growth *growth, ioasid_t pasid,
		      struct iommu_domain *new, struct iommu_domain *old)
{
	KUNIT_ASSERT_EQ(growth->world->test, 0,
			new->ops->set_dev_pasid(new, growth->dev, pasid, old));
}

static void operate(struct growth *growth, enum operation operation,
		    ioasid_t pasid)
{
	struct iommu_domain *domain = growth->domain;

	switch (operation) {
	case ATTACH:
		set_pasid(growth, pasid, domain, NULL);
		break;
	case REPLACE:
		set_pasid(growth, pasid, growth->other, domain);
		break;
	case DETACH:
		set_pasid(growth, pasid, growth->blocked, growth->other);
		break;
	case FLUSH:
		cache_tag_flush_range(to_dmar_domain(domain), 0, SZ_4K - 1, 1);
		break;
	default:
		if (domain->dirty_ops)
			domain->dirty_ops->set_dirty_tracking(domain, true);
	}
}

static void measure(struct growth *growth, enum operation operation,
		    ioasid_t pasid)
{
	struct cost *cost = &growth->cost[operation];
	u64 begin, fewest = cost->instructions;

	now = (struct cost){};
	begin = ktime_get_ns();
	operate(growth, operation, pasid);
	now.instructions = ktime_get_ns() - begin;
	*cost = now;
	if (fewest)
		cost->instructions = min(fewest, now.instructions);
}

/* One PASID comes and goes, and the domain is changed, among @attachments. */
static void measure_all(struct growth *growth, unsigned int attachments)
{
	struct iommu_domain *domain = growth->domain;
	enum operation operation;
	unsigned int i;

	memset(growth->cost, 0, sizeof(growth->cost));
	for (i = 0; i < ROUNDS; i++) {
		for (operation = 0; operation < NUM_OPERATIONS; operation++)
			measure(growth, operation, attachments + 1);
		if (domain->dirty_ops)
			domain->dirty_ops->set_dirty_tracking(domain, false);
	}
}

static void report(struct growth *growth, unsigned int attachments)
{
	enum operation operation;

	for (operation = 0; operation < NUM_OPERATIONS; operation++)
		kunit_info(growth->world->test,
			   "growth: op=%s attachments=%u submissions=%u descriptors=%u instructions=%llu",
			   name[operation], attachments,
			   growth->cost[operation].submissions,
			   growth->cost[operation].descs,
			   growth->cost[operation].instructions);
}

static void check_descs(struct growth *growth, enum operation operation,
			unsigned int submissions, unsigned int descs)
{
	const struct cost *cost = &growth->cost[operation];
	struct kunit *test = growth->world->test;

	KUNIT_EXPECT_EQ_MSG(test, cost->submissions, submissions, "%s",
			    name[operation]);
	KUNIT_EXPECT_EQ_MSG(test, cost->descs, descs, "%s", name[operation]);
}

/*
 * A PASID does not care how many others there are; but where ids are shared, a
 * first stage takes a detour to another. An unmap asks for all PASIDs of
 * a second stage at once, and for each of a first stage. Dirty tracking is a bit in
 * the entry of each.
 */
static void check(struct growth *growth, unsigned int attachments, bool first)
{
	unsigned int tags = first ? attachments : 1;
	unsigned int room = QI_MAX_BATCHED_DESC_COUNT - 2;

	check_descs(growth, ATTACH, first, first);
	check_descs(growth, REPLACE, 1 + first, 4 + first);
	check_descs(growth, DETACH, 1, 3);
	check_descs(growth, FLUSH, DIV_ROUND_UP(tags, room), tags);
	check_descs(growth, TRACK, first ? 0 : attachments,
		    first ? 0 : 3 * attachments);
}

static void run(struct kunit *test, enum world_kind kind, enum world_kind other)
{
	const struct world_config config = {
		.scalable = true, .quantum_words = 2, .pasid = MOST + 5,
	};
	static const unsigned int steps[] = { 1, 100, MOST };
	struct attach_world *world = attach_world_make(test, &config);
	struct growth growth = {
		.world = world,
		.domain = world->domain[kind].domain,
		.other = world->domain[other].domain,
		.blocked = world->domain[WORLD_BLOCKED].domain,
		.dev = &world->pci[WORLD_DEVICE].pdev.dev,
	};
	unsigned int i, pasid = 0;

	kunit_activate_static_stub(test, qi_submit_sync, count_submission);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		while (pasid < steps[i])
			set_pasid(&growth, ++pasid, growth.domain, NULL);
		measure_all(&growth, pasid);
		report(&growth, pasid);
		check(&growth, pasid, kind == WORLD_FS);
	}
	for (; pasid; pasid--)
		set_pasid(&growth, pasid, growth.blocked, growth.domain);
	world_check_idle(world);
}

static void second_stage(struct kunit *test)
{
	run(test, WORLD_PARENT, WORLD_SS);
}

static void first_stage(struct kunit *test)
{
	run(test, WORLD_FS, WORLD_FS_OTHER);
}

static struct kunit_case growth_cases[] = {
	KUNIT_CASE(second_stage),
	KUNIT_CASE(first_stage),
	{}
};

static struct kunit_suite growth_suite = {
	.name = "intel_growth",
	.test_cases = growth_cases,
};

kunit_test_suite(growth_suite);
