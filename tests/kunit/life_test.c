// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of how things end: devices, address spaces, units, crashed kernels
 *
 * Afterwards root, context and directory entries point to nothing that was
 * freed, and nothing is cached of it; the model sees to that. When a world
 * ends, IOMMU pages are counted back to where they were.
 */

#include <kunit/test.h>
#include <linux/pci.h>

#include "../entry_format.h"
#include "attach_change.h"
#include "attach_world.h"

static const struct world_config life_params[] = {
	{ .scalable = true, .quantum_words = 2 },
	{ .scalable = true, .quantum_words = 2, .ats = true,
	  .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .ats = true, .incoherent = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true },
	{ .scalable = true, .quantum_words = 2, .alias = WORLD_ALIAS,
	  .small_ranges = true, .rwbf = true },
	{ .quantum_words = 2 },
	{ .quantum_words = 2, .ats = true, .caching_mode = true },
	{ .quantum_words = 1, .incoherent = true },
	{ .quantum_words = 2, .alias = WORLD_ALIAS, .ats = true },
	{ .quantum_words = 2, .no_queue = true, .rwbf = true },
};

KUNIT_ARRAY_PARAM(life, life_params, change_describe_config);

static void report(struct attach_world *world, enum world_kind kind,
		   const char *during)
{
	change_report(world, (struct change){ .from = kind }, during);
}

static void release(struct attach_world *world, enum world_device which)
{
	world_pci_release(world, world->requester[which].pci);
	unit_observe_all(&world->machine);
}

static void probe(struct attach_world *world, enum world_device which)
{
	KUNIT_ASSERT_EQ(world->test,
			world_pci_probe(world, world->requester[which].pci), 0);
	unit_observe_all(&world->machine);
}

/* Is there an entry that a request could find? */
static bool is_blocked(struct attach_world *world, enum world_device which)
{
	const struct unit_requester *seen = world->requester[which].seen;
	unsigned int i;

	for (i = 0; i < seen->entry.num; i++)
		if (seen->entry.entry[i].val[0] & 1)
			return false;
	return true;
}

/* A device goes and comes back; what it was attached to is another one's now. */
static void devices_are_released(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum world_kind kind;

	change_attach(world, WORLD_OLD_SHARER, WORLD_PRIVATE);
	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_DEVICE, kind))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, kind != WORLD_BLOCKED,
				    world_attach(world, WORLD_DEVICE, kind).served,
				    "%s", world_kind_name(kind));
		change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
		release(world, WORLD_DEVICE);
		report(world, kind, "released");
		KUNIT_EXPECT_TRUE(test, is_blocked(world, WORLD_DEVICE));
		change_attach(world, WORLD_NEW_SHARER, kind);
		probe(world, WORLD_DEVICE);
		KUNIT_EXPECT_TRUE(test, is_blocked(world, WORLD_DEVICE));
		KUNIT_EXPECT_TRUE(test, world_attach(world, WORLD_DEVICE,
						     WORLD_SS).served);
		KUNIT_EXPECT_EQ(test, world->config.ats,
				unit_ats_enabled(world->requester[WORLD_DEVICE].seen));
		world_unmap(world, WORLD_SS, WORLD_REGIONS);
		report(world, kind, "probed again");
		world_remap(world);
		change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	}
	world_block_all(world);
	world_check_idle(world);
}

static const struct world_config identity_params[] = {
	{ .scalable = true, .quantum_words = 2 },
	{ .scalable = true, .quantum_words = 1, .ats = true,
	  .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .alias = WORLD_ALIAS },
};

KUNIT_ARRAY_PARAM(identity, identity_params, change_describe_config);

/*
 * The core attaches a device with reserved regions to the identity domain
 * before it is released. Its PASID table goes all the same, and whoever probes
 * it again must not find it translating.
 */
static void released_from_identity(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_requester *req = &world->requester[WORLD_DEVICE];

	change_attach(world, WORLD_DEVICE, WORLD_IDENTITY);
	world_pci_release(world, req->pci);
	req->kind = WORLD_BLOCKED;
	unit_granted(&world->machine, req->pci->unit->model, req->seen, NULL);
	if (req->alias)
		unit_granted(&world->machine, req->pci->unit->model, req->alias,
			     NULL);
	report(world, WORLD_IDENTITY, "released");

	probe(world, WORLD_DEVICE);
	report(world, WORLD_IDENTITY, "probed again");
	KUNIT_EXPECT_TRUE(test, is_blocked(world, WORLD_DEVICE));
}

static const struct world_config ats_params[] = {
	{ .scalable = true, .quantum_words = 1, .ats = true },
	{ .quantum_words = 1, .ats = true },
};

KUNIT_ARRAY_PARAM(ats, ats_params, change_describe_config);

/* The unit would take such a request for one of the page. */
static void ats_by_pages(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	const struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;

	release(world, WORLD_DEVICE);
	world_pci_split(&world->pci[WORLD_DEVICE]);
	probe(world, WORLD_DEVICE);
	KUNIT_EXPECT_TRUE(test, world_attach(world, WORLD_DEVICE,
					     WORLD_SS).served);
	KUNIT_EXPECT_FALSE(test, unit_ats_enabled(seen));
	report(world, WORLD_SS, "without ATS");
}

/* The queue would wait for ever for a device that is gone. */
static void device_is_gone(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_requester *req = &world->requester[WORLD_DEVICE];
	struct pci_dev *pdev = &req->pci->pdev;

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	pdev->error_state = pci_channel_io_perm_failure;
	req->pci->function.gone = true;
	KUNIT_EXPECT_EQ(test, world_attach(world, WORLD_DEVICE,
					   WORLD_BLOCKED).counts.atcs, 0);
	report(world, WORLD_SS, "unplugged");
	release(world, WORLD_DEVICE);
	report(world, WORLD_SS, "released");
	KUNIT_EXPECT_TRUE(test, is_blocked(world, WORLD_DEVICE));

	pdev->error_state = pci_channel_io_normal;
	req->pci->function.gone = false;
	probe(world, WORLD_DEVICE);
}

/* A unit that does not translate must not be asked to invalidate an ATC. */
static void unit_is_off(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct world_result result;

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	iommu->gcmd &= ~DMA_GCMD_TE;
	result = world_attach(world, WORLD_DEVICE, WORLD_PARENT);
	KUNIT_EXPECT_EQ(test, result.ret, 0);
	KUNIT_EXPECT_EQ(test, result.counts.atcs, 0);
	/* The model translates all the same. */
	unit_reset(&world->machine);
	iommu->gcmd |= DMA_GCMD_TE;
}

/*
 * Address spaces
 */

static const struct world_config mm_params[] = {
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .caching_mode = true, .far = true },
};

KUNIT_ARRAY_PARAM(mm, mm_params, change_describe_config);

static struct attach_world *make_mm(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);

	if (!world_has(world, WORLD_SVA))
		kunit_skip(test, "the kernel does not have SVA");
	return world;
}

static void expect_cleared(struct attach_world *world, enum world_device which)
{
	const u64 *entry = world_entry(world, which);

	KUNIT_EXPECT_TRUE_MSG(world->test, !memchr_inv(entry, 0, 64),
			      "entry is %#llx", entry[0]);
}

/* Nobody wants to hear of the faults that come. */
static void expect_no_faults(struct attach_world *world, enum world_device which)
{
	const u64 *entry = world_entry(world, which);

	KUNIT_EXPECT_EQ(world->test, entry[0], PASID_PE_FPD);
	KUNIT_EXPECT_TRUE(world->test, !memchr_inv(&entry[1], 0, 56));
}

static void mm_exits(struct kunit *test)
{
	struct attach_world *world = make_mm(test);
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which))
			change_attach(world, which, WORLD_SVA);
	world_mm_exit(world);
	report(world, WORLD_SVA, "exiting");
	for (which = 0; which < WORLD_NUM_DEVICES; which++) {
		if (!world_has_device(world, which))
			continue;
		KUNIT_EXPECT_TRUE(test, is_blocked(world, which));
		expect_no_faults(world, which);
		change_attach(world, which, WORLD_BLOCKED);
		expect_cleared(world, which);
	}
	report(world, WORLD_SVA, "detached");

	change_attach(world, WORLD_DEVICE, WORLD_FS);
	report(world, WORLD_SVA, "attached to something else");
	world_block_all(world);
	world_check_idle(world);
	world_mm_revive(world);
}

/* A PASID that was detached must not be left without faults. */
static void mm_exits_meanwhile(struct kunit *test)
{
	static const enum world_kind to[] = { WORLD_BLOCKED, WORLD_FS, WORLD_SS };
	const struct world_action action = { .act = WORLD_ACT_MM_EXIT };
	struct attach_world *world = make_mm(test);
	unsigned int i, event;
	bool more;

	for (i = 0; i < ARRAY_SIZE(to); i++)
		for (event = 0, more = true; more; event++) {
			change_attach(world, WORLD_OLD_SHARER, WORLD_SVA);
			change_attach(world, WORLD_DEVICE, WORLD_SVA);
			world_act_at(world, &action, event);
			change_attach(world, WORLD_DEVICE, to[i]);
			more = world_act_done(world);
			report(world, to[i], "exiting meanwhile");
			change_attach(world, WORLD_OLD_SHARER, WORLD_BLOCKED);
			if (to[i] == WORLD_BLOCKED)
				expect_cleared(world, WORLD_DEVICE);
			change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
			expect_cleared(world, WORLD_DEVICE);
			world_mm_revive(world);
		}
	world_check_idle(world);
}

/* What is attached meanwhile finds the entry otherwise than when it began. */
static void attached_meanwhile(struct kunit *test)
{
	static const enum world_kind to[] = {
		WORLD_FS, WORLD_SS, WORLD_NESTED,
	};
	struct attach_world *world = make_mm(test);
	struct world_action action = {
		.act = WORLD_ACT_ATTACH,
		.who = WORLD_DEVICE,
	};
	unsigned int i, event;
	bool more;

	if (!world->actor)
		kunit_skip(test, "there is only one CPU");
	for (i = 0; i < ARRAY_SIZE(to); i++)
		for (event = 0, more = true; more; event++) {
			change_attach(world, WORLD_OLD_SHARER, WORLD_SVA);
			change_attach(world, WORLD_DEVICE, WORLD_SVA);
			action.kind = to[i];
			world_act_at(world, &action, event);
			world_mm_exit(world);
			more = world_act_done(world);
			report(world, to[i], "attached while it exits");
			change_attach(world, WORLD_OLD_SHARER, WORLD_BLOCKED);
			change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
			expect_cleared(world, WORLD_DEVICE);
			world_mm_revive(world);
		}
	world_check_idle(world);
}

/* Requests that come by way of another entry are not the old domain's. */
static void check_old_requests(struct unit_machine *machine,
			       enum unit_moment moment)
{
	struct attach_world *world =
		container_of(machine, struct attach_world, machine);
	const struct world_requester *req = &world->requester[WORLD_DEVICE];
	struct unit_model *unit = req->pci->unit->model;

	if (unit->counts.stores &&
	    driver_is_live(world->domain[WORLD_SVA].domain,
			   &req->pci->pdev.dev, req->pasid))
		unit_fail(unit, "page requests are the old domain's while its entry changes");
}

/*
 * An address space that is detached has no page requests left: when its handler
 * may go, all that were made by way of the old entry have been drained.
 */
static void requests_are_drained(struct kunit *test)
{
	struct attach_world *world = make_mm(test);
	struct device *dev = &world->pci[WORLD_DEVICE].pdev.dev;
	struct iommu_domain *domain = world->domain[WORLD_SVA].domain;
	enum world_kind kind;

	KUNIT_ASSERT_EQ(test, driver_handle_faults(domain, dev), 0);
	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		struct world_result result;

		if (!world_can_attach(world, WORLD_DEVICE, kind))
			continue;
		change_attach(world, WORLD_DEVICE, WORLD_SVA);
		if (kind != WORLD_SVA)
			world->machine.on_event = check_old_requests;
		result = world_attach(world, WORLD_DEVICE, kind);
		world->machine.on_event = NULL;
		KUNIT_EXPECT_EQ_MSG(test, result.counts.drains, 1, "by %s",
				    world_kind_name(kind));
		KUNIT_EXPECT_EQ(test, result.counts.drained,
				result.counts.stores);
		KUNIT_EXPECT_EQ(test, result.counts.drained_atcs, 1);
	}
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	KUNIT_EXPECT_EQ(test, driver_count_handled(dev), 0);
	driver_ignore_faults(domain, dev);
	report(world, WORLD_SVA, "with page requests");
}

/*
 * Memory
 */

/* So often that what is left of each time is many pages */
#define TIMES		600
#define TIMES_FIRST	50
#define MAX_PAGES	16

static void attach_often(struct attach_world *world, unsigned int times)
{
	static const enum world_kind kinds[] = {
		WORLD_FS, WORLD_SS, WORLD_NESTED, WORLD_BLOCKED,
	};
	unsigned int i, j;

	for (i = 0; i < times; i++) {
		for (j = 0; j < ARRAY_SIZE(kinds); j++)
			world_attach_quietly(world, WORLD_DEVICE, kinds[j]);
		cond_resched();
	}
}

/* KASAN keeps for a while what was freed; kmemleak goes with it. */
static void nothing_leaks(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	long pages;

	attach_often(world, TIMES_FIRST);
	pages = world_count_pages(NR_SLAB_UNRECLAIMABLE_B);
	attach_often(world, TIMES);
	pages = world_count_pages(NR_SLAB_UNRECLAIMABLE_B) - pages;
	report(world, WORLD_BLOCKED, "again and again");
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_LE(test, pages, MAX_PAGES);
}

/*
 * Units
 */

static const struct world_config unit_params[] = {
	{ .scalable = true, .quantum_words = 2, .ats = true, .far = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .far = true,
	  .caching_mode = true },
	{ .quantum_words = 2, .ats = true, .far = true, .rwbf = true },
};

KUNIT_ARRAY_PARAM(unit, unit_params, change_describe_config);

/* Attach devices of both units to everything, and then no more. */
static void use_far_unit(struct attach_world *world)
{
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_FAR_OLD, kind))
			continue;
		change_attach(world, WORLD_DEVICE, kind);
		change_attach(world, WORLD_FAR_OLD, kind);
		change_attach(world, WORLD_FAR_NEW, WORLD_PRIVATE);
	}
	world_block_all(world);
}

static void remove_far_unit(struct attach_world *world)
{
	release(world, WORLD_FAR_OLD);
	release(world, WORLD_FAR_NEW);
	world_unit_remove(world, 1);
	report(world, WORLD_BLOCKED, "removing a unit");
}

/* No domain keeps anything of a unit that is no more. */
static void unit_is_removed(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct intel_iommu *far = &world->unit[1].iommu;
	struct iommu_domain *domain;
	enum world_kind kind;

	use_far_unit(world);
	remove_far_unit(world);
	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		domain = world_made_domain(world, kind);
		if (domain)
			KUNIT_EXPECT_FALSE_MSG(test,
					       driver_knows_unit(domain, far),
					       "%s knows a unit that is gone",
					       world_kind_name(kind));
	}

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_DEVICE, kind))
			continue;
		change_attach(world, WORLD_DEVICE, kind);
		world_unmap(world, kind, WORLD_REGIONS);
		world_map(world, kind, WORLD_REGIONS, GFP_KERNEL);
		report(world, kind, "after a unit was removed");
	}
}

/* A unit that takes its place, and its number, is as good. */
static void unit_is_replaced(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_requester *req = &world->requester[WORLD_FAR_OLD];
	enum world_kind kind;
	unsigned int as;

	use_far_unit(world);
	remove_far_unit(world);
	as = world_unit_replug(world, 1);
	unit_add_requester(world->unit[as].model, req->seen);
	probe(world, WORLD_FAR_OLD);
	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_can_attach(world, WORLD_FAR_OLD, kind))
			continue;
		change_attach(world, WORLD_FAR_OLD, kind);
		world_unmap(world, kind, WORLD_REGIONS);
		report(world, kind, "behind a unit that was plugged in");
		world_remap(world);
	}
	change_attach(world, WORLD_FAR_OLD, WORLD_BLOCKED);
	world_check_idle(world);
}

/*
 * Crashed kernels
 */

static const struct world_config crash_params[] = {
	{ .scalable = true, .quantum_words = 2, .copied = true },
	{ .scalable = true, .quantum_words = 2, .copied = true, .ats = true,
	  .caching_mode = true },
	{ .scalable = true, .quantum_words = 1, .copied = true,
	  .incoherent = true },
	{ .quantum_words = 2, .copied = true },
	{ .quantum_words = 2, .copied = true, .ats = true, .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .copied = true, .ats = true,
	  .came_in = true },
	{ .quantum_words = 2, .copied = true, .ats = true, .came_in = true },
	{ .scalable = true, .quantum_words = 1, .copied = true, .ats = true,
	  .came_in = true, .throttled = true },
	{ .quantum_words = 2, .copied = true, .ats = true, .came_in = true,
	  .caching_mode = true, .alias = WORLD_ALIAS },
	{ .quantum_words = 2, .copied = true, .no_queue = true },
	{ .scalable = true, .quantum_words = 2, .copied = true,
	  .alias = WORLD_ALIAS },
	{ .quantum_words = 2, .copied = true, .ats = true,
	  .alias = WORLD_ALIAS },
};

KUNIT_ARRAY_PARAM(crash, crash_params, change_describe_config);

/* The tables of the crashed kernel are left without a break. */
static void leave_crashed_kernel(struct kunit *test, enum world_kind kind)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_result result;

	if (world_can_attach(world, WORLD_DEVICE, kind)) {
		change_attach(world, WORLD_OLD_SHARER, WORLD_PRIVATE);
		report(world, kind, "before");
		result = world_attach(world, WORLD_DEVICE, kind);
		KUNIT_EXPECT_EQ(test, result.ret, 0);
		if (kind != WORLD_BLOCKED) {
			KUNIT_EXPECT_FALSE_MSG(test, result.fault, "to %s",
					       world_kind_name(kind));
			KUNIT_EXPECT_TRUE_MSG(test, result.served, "to %s",
					      world_kind_name(kind));
		}
		report(world, kind, "from a crashed kernel's");
		KUNIT_EXPECT_FALSE_MSG(test,
				       world_is_left_over(&world->requester[WORLD_DEVICE]),
				       "to %s", world_kind_name(kind));
		world_unmap(world, kind, WORLD_REGIONS);
		report(world, kind, "from a crashed kernel's, unmapping");
	}
	attach_world_end(world);
}

static void crashed_kernel(struct kunit *test)
{
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++)
		leave_crashed_kernel(test, kind);
}

/* A device comes in with ATS on, and does not translate as it did. */
static void left_out(struct kunit *test)
{
	static const struct world_config config = {
		.quantum_words = 1, .ats = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct world_pci *pci = &world->pci[WORLD_DEVICE];
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;

	if (!IS_ENABLED(CONFIG_PCI_LIVEUPDATE))
		kunit_skip(test, "no device comes in");
	world_pci_release(world, pci);
	world_pci_come_in(pci);
	KUNIT_EXPECT_TRUE(test, unit_ats_enabled(seen));
	KUNIT_ASSERT_EQ(test, world_pci_probe(world, pci), 0);
	KUNIT_EXPECT_FALSE(test, unit_ats_enabled(seen));
	KUNIT_EXPECT_FALSE(test, pci->pdev.ats_enabled);
	KUNIT_EXPECT_EQ(test, 0, world_attach(world, WORLD_DEVICE, WORLD_SS).ret);
	KUNIT_EXPECT_TRUE(test, unit_ats_enabled(seen));
	KUNIT_EXPECT_STREQ(test, world->machine.failure, "");
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE_PARAM(devices_are_released, life_gen_params),
	KUNIT_CASE_PARAM(released_from_identity, identity_gen_params),
	KUNIT_CASE_PARAM(ats_by_pages, ats_gen_params),
	KUNIT_CASE_PARAM(device_is_gone, life_gen_params),
	KUNIT_CASE_PARAM(unit_is_off, life_gen_params),
	KUNIT_CASE_PARAM(mm_exits, mm_gen_params),
	KUNIT_CASE_PARAM(mm_exits_meanwhile, mm_gen_params),
	KUNIT_CASE_PARAM(attached_meanwhile, mm_gen_params),
	KUNIT_CASE_PARAM(requests_are_drained, mm_gen_params),
	KUNIT_CASE(nothing_leaks),
	KUNIT_CASE_PARAM(unit_is_removed, unit_gen_params),
	KUNIT_CASE_PARAM(unit_is_replaced, unit_gen_params),
	KUNIT_CASE_PARAM(crashed_kernel, crash_gen_params),
	KUNIT_CASE(left_out),
	{}
};

static struct kunit_suite life_suite = {
	.name = "intel_life",
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);
