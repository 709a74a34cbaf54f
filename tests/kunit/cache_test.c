// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of cache tags: that they are found, and what finding one costs
 */

#include <kunit/test.h>
#include <linux/ktime.h>

#include "attach_world.h"
#include "../iommu.h"

#define COST_ROUNDS	1000
#define DID		7

static struct domain_unit *the_unit(struct dmar_domain *domain)
{
	return list_first_entry(&domain->cache_tags, struct domain_unit, node);
}

static void assign(struct attach_world *world, struct dmar_domain *domain,
		   ioasid_t pasid)
{
	guard(mutex)(&world->iommu.did_lock);
	KUNIT_ASSERT_EQ(world->test, 0,
			cache_tags_assign(domain, DID,
					  &world->pci[0].pdev.dev, pasid));
}

static void unassign(struct attach_world *world, struct dmar_domain *domain,
		     ioasid_t pasid)
{
	cache_tags_unassign(domain, DID, &world->pci[0].pdev.dev, pasid);
}

/* What it costs to attach once more, and to find the tag again by a walk */
static void print_cost(struct attach_world *world, struct dmar_domain *domain,
		       unsigned int attachments)
{
	struct cache_tag *tag;
	unsigned int i, seen = 0;
	u64 start, hash, walk;

	start = ktime_get_ns();
	for (i = 0; i < COST_ROUNDS; i++) {
		assign(world, domain, attachments + 1);
		unassign(world, domain, attachments + 1);
	}
	hash = ktime_get_ns() - start;

	start = ktime_get_ns();
	for (i = 0; i < COST_ROUNDS; i++)
		list_for_each_entry(tag, &the_unit(domain)->iotlb, node)
			seen += tag->pasid == attachments + 1;
	walk = ktime_get_ns() - start;

	KUNIT_EXPECT_EQ(world->test, seen, 0);
	kunit_info(world->test, "cost: attachments=%u ns-per-attach-and-detach=%llu ns-per-walk=%llu",
		   attachments, div_u64(hash, COST_ROUNDS),
		   div_u64(walk, COST_ROUNDS));
}

static void cost_of_tags(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);
	static const unsigned int attachments[] = { 1, 100, 1000 };
	struct dmar_domain *domain =
		to_dmar_domain(world->domain[WORLD_SS].domain);
	unsigned int i, pasid = 0;

	world_attach(world, WORLD_DEVICE, WORLD_SS);
	for (i = 0; i < ARRAY_SIZE(attachments); i++) {
		while (pasid < attachments[i])
			assign(world, domain, ++pasid);
		print_cost(world, domain, attachments[i]);
	}
	KUNIT_EXPECT_EQ(test, list_count_nodes(&the_unit(domain)->iotlb),
			pasid + 1);

	while (pasid)
		unassign(world, domain, pasid--);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	KUNIT_EXPECT_TRUE(test, list_empty(&the_unit(domain)->iotlb));
	KUNIT_EXPECT_TRUE(test, hash_empty(the_unit(domain)->tags));
}

static void tags_are_counted(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);
	struct dmar_domain *domain =
		to_dmar_domain(world->domain[WORLD_SS].domain);

	world_attach(world, WORLD_DEVICE, WORLD_SS);
	assign(world, domain, 1);
	assign(world, domain, 1);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&the_unit(domain)->iotlb), 2);
	unassign(world, domain, 1);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&the_unit(domain)->iotlb), 2);
	unassign(world, domain, 1);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&the_unit(domain)->iotlb), 1);
	/* One too many is nothing. */
	unassign(world, domain, 1);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&the_unit(domain)->iotlb), 1);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(tags_are_counted),
	KUNIT_CASE(cost_of_tags),
	{}
};

static struct kunit_suite cache_suite = {
	.name = "intel_cache_tags",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
