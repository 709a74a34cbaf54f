// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of cache tags: which attachments share one, and that they are found
 */

#include <kunit/test.h>

#include "../cache.h"
#include "../did.h"
#include "attach_world.h"

#define DID		7
#define NUM_PASIDS	1000

static unsigned int count(const struct rb_root *tree)
{
	unsigned int nodes = 0;
	struct rb_node *node;

	for (node = rb_first(tree); node; node = rb_next(node))
		nodes++;
	return nodes;
}

/* An attachment of the first device that is on no list */
static struct dev_pasid_info attachment(struct attach_world *world,
					enum world_kind kind, ioasid_t pasid)
{
	struct dmar_domain *domain = to_dmar_domain(world->domain[kind].domain);

	return (struct dev_pasid_info){
		.dev = &world->pci[0].pdev.dev,
		.pasid = pasid,
		.domain = domain,
		.unit = list_first_entry(&domain->units, struct domain_unit,
					 node),
	};
}

static void assign(struct attach_world *world, enum world_kind kind,
		   ioasid_t pasid)
{
	struct dev_pasid_info ap = attachment(world, kind, pasid);

	KUNIT_ASSERT_EQ(world->test, 0, cache_tags_assign(&ap, DID));
}

static void unassign(struct attach_world *world, enum world_kind kind,
		     ioasid_t pasid)
{
	struct dev_pasid_info ap = attachment(world, kind, pasid);

	cache_tags_unassign(&ap, DID);
}

/* However many there are, each is found. */
static void check_many(struct attach_world *world, enum world_kind kind,
		       unsigned int expected)
{
	struct dev_pasid_info ap;
	struct domain_unit *unit;
	ioasid_t pasid;

	world_attach(world, WORLD_DEVICE, kind);
	ap = attachment(world, kind, 0);
	unit = ap.unit;
	for (pasid = 1; pasid <= NUM_PASIDS; pasid++)
		assign(world, kind, pasid);
	KUNIT_EXPECT_EQ(world->test, count(&unit->iotlb), 1 + expected);
	KUNIT_EXPECT_EQ(world->test, count(&unit->devtlb), 1 + NUM_PASIDS);

	for (pasid = 1; pasid <= NUM_PASIDS; pasid++)
		unassign(world, kind, pasid);
	KUNIT_EXPECT_EQ(world->test, count(&unit->iotlb), 1);
	KUNIT_EXPECT_EQ(world->test, count(&unit->devtlb), 1);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
}

static void second_stages_share(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1, .ats = true,
	};

	check_many(attach_world_make(test, &config), WORLD_SS, 1);
}

static void first_stages_do_not(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1, .ats = true, .scalable = true,
	};

	check_many(attach_world_make(test, &config), WORLD_FS, NUM_PASIDS);
}

static void tags_are_counted(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);
	struct domain_unit *unit;

	world_attach(world, WORLD_DEVICE, WORLD_SS);
	unit = attachment(world, WORLD_SS, 0).unit;
	assign(world, WORLD_SS, 1);
	assign(world, WORLD_SS, 1);
	KUNIT_EXPECT_EQ(test, count(&unit->iotlb), 2);
	unassign(world, WORLD_SS, 1);
	KUNIT_EXPECT_EQ(test, count(&unit->iotlb), 2);
	unassign(world, WORLD_SS, 1);
	KUNIT_EXPECT_EQ(test, count(&unit->iotlb), 1);
	/* One too many is noticed, and nothing. */
	kunit_warning_suppress(test) {
		unassign(world, WORLD_SS, 1);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	KUNIT_EXPECT_EQ(test, count(&unit->iotlb), 1);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(tags_are_counted),
	KUNIT_CASE(second_stages_share),
	KUNIT_CASE(first_stages_do_not),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "intel_cache_tags",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
