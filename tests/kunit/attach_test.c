// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the attach path against a model of the unit
 *
 * A device changes from each kind of domain to each other. The model
 * (unit_model.c) checks after each store and each descriptor that no device
 * gets what it is not granted; the tests add what depends on the change as a
 * whole: whether it is hitless, what it costs, that a failure changes nothing,
 * and that whatever is unmapped meanwhile is invalidated everywhere.
 */

#include <kunit/test.h>

#include "../entry_format.h"
#include "attach_change.h"
#include "attach_world.h"

static const struct world_config attach_params[] = {
	{ .scalable = true, .quantum_words = 2 },
	{ .scalable = true, .quantum_words = 2, .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .ats = true },
	{ .scalable = true, .quantum_words = 2, .incoherent = true },
	{ .scalable = true, .quantum_words = 2, .ats = true,
	  .caching_mode = true, .incoherent = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5 },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 40045, .ats = true },
	{ .scalable = true, .quantum_words = 1 },
	{ .scalable = true, .quantum_words = 1, .ats = true,
	  .caching_mode = true, .incoherent = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true },
	{ .scalable = true, .quantum_words = 2, .ats = true,
	  .same_device = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .same_device = true },
	{ .scalable = true, .quantum_words = 2, .ats = true, .far = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .far = true, .caching_mode = true },
	{ .scalable = true, .quantum_words = 2, .rwbf = true, .ats = true,
	  .no_snoop_control = true },
	{ .scalable = true, .quantum_words = 2, .ats = true, .tell_twice = true,
	  .throttled = true, .no_psi = true },
	{ .scalable = true, .quantum_words = 2, .alias = WORLD_ALIAS,
	  .ats = true, .small_ranges = true },
	{ .quantum_words = 2 },
	{ .quantum_words = 2, .ats = true },
	{ .quantum_words = 2, .caching_mode = true, .incoherent = true },
	{ .quantum_words = 1 },
	{ .quantum_words = 1, .ats = true, .caching_mode = true },
	{ .quantum_words = 1, .ats = true, .incoherent = true },
	{ .quantum_words = 2, .ats = true, .far = true },
	{ .quantum_words = 2, .no_queue = true, .rwbf = true },
	{ .quantum_words = 2, .no_queue = true, .caching_mode = true,
	  .no_psi = true, .far = true },
	{ .quantum_words = 2, .ats = true, .tell_twice = true,
	  .throttled = true },
	{ .quantum_words = 2, .ats = true, .alias = WORLD_ALIAS },
};

KUNIT_ARRAY_PARAM(attach, attach_params, change_describe_config);

/* Would whoever attaches a domain next have to wait? */
static bool waits_for_id(struct attach_world *world, enum world_kind kind)
{
	return driver_is_in_transit(world->domain[kind].domain,
				    &world->unit[0].iommu);
}

/* Attach, and see that nothing is wrong; returns the verdict. */
static char make_change(struct attach_world *world, struct change change,
			struct unit_counts *counts)
{
	bool blocks = change.from == WORLD_BLOCKED || change.to == WORLD_BLOCKED;
	struct world_result result;
	char verdict;

	result = world_attach(world, WORLD_DEVICE, change.to);
	unit_check_tags(&world->machine);
	change_report(world, change, "during");

	verdict = blocks ? '.' : result.fault ? 'b' : 'h';
	KUNIT_EXPECT_EQ_MSG(world->test, result.ret, 0, "%s to %s",
			    world_kind_name(change.from),
			    world_kind_name(change.to));
	KUNIT_EXPECT_EQ_MSG(world->test, result.served,
			    change.to != WORLD_BLOCKED, "%s to %s",
			    world_kind_name(change.from),
			    world_kind_name(change.to));
	KUNIT_EXPECT_FALSE(world->test, waits_for_id(world, change.from));
	KUNIT_EXPECT_FALSE(world->test, waits_for_id(world, change.to));
	*counts = result.counts;
	return verdict;
}

static void expect_verdict(struct attach_world *world, struct change change,
			   char verdict)
{
	KUNIT_EXPECT_EQ_MSG(world->test, verdict, change_expected(world, change),
			    "%s to %s%s is %s", world_kind_name(change.from),
			    world_kind_name(change.to),
			    change_sharing_name(change.sharing),
			    change_verdict_name(verdict));
}

static void run_change(struct attach_world *world, struct change change)
{
	struct unit_counts counts;
	char verdict;

	change_set_up(world, change);
	verdict = make_change(world, change, &counts);
	change_print(world, change, verdict, &counts);
	expect_verdict(world, change, verdict);
	change_expect_cost(world, change, verdict, &counts);
	change_tear_down(world, change);
}

static void changes(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum change_sharing sharing;
	unsigned int seen = 0;
	struct change change;

	for (sharing = 0; sharing < CHANGE_NUM_SHARINGS; sharing++) {
		change = change_start(sharing);
		while (change_next(world, &change)) {
			run_change(world, change);
			seen++;
		}
	}
	KUNIT_EXPECT_EQ(test, seen, change_number(world) * CHANGE_NUM_SHARINGS);
}

/* Unmap at each event in turn until there is none left, or it fails. */
static void run_unmaps(struct attach_world *world, struct change change,
		       const struct world_action *action)
{
	unsigned int event = 0;
	bool done;

	if (!world->domain[action->kind].mapped)
		return;

	change_set_up(world, change);
	do {
		change_attach(world, WORLD_DEVICE, change.from);
		world_act_at(world, action, event++);
		change_attach(world, WORLD_DEVICE, change.to);
		done = !world_act_done(world);
		done |= change_report(world, change, "during an unmap");
		world_remap(world);
	} while (!done);
	change_tear_down(world, change);
}

/* The flush is under way in the middle, and has not reached the unit. */
static void run_slow_unmaps(struct attach_world *world, struct change change,
			    const struct world_action *action)
{
	unsigned int event = 0;
	bool done;

	change_set_up(world, change);
	do {
		change_attach(world, WORLD_DEVICE, change.from);
		world_act_slowly(world, action, event++);
		change_attach(world, WORLD_DEVICE, change.to);
		done = !world_act_done(world);
		done |= change_report(world, change, "during a slow unmap");
		world_remap(world);
	} while (!done);
	change_tear_down(world, change);
}

/* What is unmapped, and how, takes turns. */
static const struct world_action unmap_actions[] = {
	{ .act = WORLD_ACT_UNMAP, .regions = BIT(WORLD_REGION_VICTIM) },
	{ .act = WORLD_ACT_UNMAP, .regions = BIT(WORLD_REGION_RUN) },
	{ .act = WORLD_ACT_UNMAP,
	  .regions = BIT(WORLD_REGION_BIG) | BIT(WORLD_REGION_TABLE) },
	{ .act = WORLD_ACT_UNMAP, .regions = BIT(WORLD_REGION_BIG) },
	{ .act = WORLD_ACT_UNMAP, .regions = BIT(WORLD_REGION_TABLE) },
	{ .act = WORLD_ACT_UNMAP_LAZY, .regions = WORLD_REGIONS },
};

static void run_all_unmaps(struct attach_world *world,
			   enum change_sharing sharing)
{
	struct change change = change_start(sharing);
	struct world_action action;
	unsigned int turn = sharing + 3 * world->config.ats +
			    5 * world->config.pasid;

	while (change_next(world, &change)) {
		action = unmap_actions[turn++ % ARRAY_SIZE(unmap_actions)];
		action.kind = change.from;
		run_unmaps(world, change, &action);
		if (change.from == change.to)
			continue;
		action = unmap_actions[turn++ % ARRAY_SIZE(unmap_actions)];
		action.kind = change.to;
		run_unmaps(world, change, &action);
	}
}

/*
 * With other devices on the same domains, their ATCs must not keep what was
 * unmapped; without, their cache tags do not stand in for missing ones.
 */
static void unmaps(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);

	run_all_unmaps(world, CHANGE_OWN);
	if (world->config.ats)
		run_all_unmaps(world, CHANGE_SHARED);
	if (world->config.far)
		run_all_unmaps(world, CHANGE_SHARED_NEW);
}

static const struct world_config ats_params[] = {
	{ .quantum_words = 2, .ats = true },
	{ .quantum_words = 1, .ats = true, .tell_twice = true,
	  .alias = WORLD_ALIAS },
};

KUNIT_ARRAY_PARAM(ats, ats_params, change_describe_config);

static const struct change ats_changes[] = {
	{ WORLD_BLOCKED, WORLD_SS }, { WORLD_IDENTITY, WORLD_SS },
	{ WORLD_SS, WORLD_BLOCKED }, { WORLD_SS, WORLD_IDENTITY },
};

/* In legacy mode ATS goes on and off, also between two flushes of a domain. */
static void unmaps_while_ats_changes(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_action action = {
		.act = WORLD_ACT_UNMAP,
		.kind = WORLD_SS,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ats_changes); i++) {
		action.regions = BIT(WORLD_REGION_VICTIM);
		run_unmaps(world, ats_changes[i], &action);
		if (world->actor)
			run_slow_unmaps(world, ats_changes[i], &action);
		action.regions = BIT(WORLD_REGION_BIG);
		run_unmaps(world, ats_changes[i], &action);
	}
}

static void expect_failure(struct attach_world *world, struct change change,
			   int error)
{
	KUNIT_EXPECT_EQ_MSG(world->test, change_try(world, change).ret, error,
			    "%s to %s", world_kind_name(change.from),
			    world_kind_name(change.to));
}

static bool can_fail(struct attach_world *world, struct change change)
{
	return world->domain[change.to].mapped && change.from != change.to;
}

static void no_did(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_OWN);

	while (change_next(world, &change)) {
		if (!can_fail(world, change) ||
		    change_may_inherit(world, change))
			continue;
		change_set_up(world, change);
		world_use_up_dids(world);
		expect_failure(world, change, -ENOSPC);
		world_release_dids(world);
		change_attach(world, WORLD_DEVICE, change.to);
		change_tear_down(world, change);
	}
	world_block_all(world);
	world_check_idle(world);
}

/* Without an id left, a domain can still take over that of the old one. */
static void no_did_to_inherit(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_OWN);
	struct unit_counts counts;
	char verdict;

	while (change_next(world, &change)) {
		if (!can_fail(world, change) ||
		    !change_may_inherit(world, change))
			continue;
		change_set_up(world, change);
		world_use_up_dids(world);
		verdict = make_change(world, change, &counts);
		expect_verdict(world, change, verdict);
		world_release_dids(world);
		change_tear_down(world, change);
	}
	world_block_all(world);
	world_check_idle(world);
}

/* Where a temporary id would be needed, a change breaks, but does not fail. */
static void no_did_for_detour(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_SHARED);
	struct unit_counts counts;
	char verdict;

	while (change_next(world, &change)) {
		if (!can_fail(world, change))
			continue;
		change_set_up(world, change);
		world_use_up_dids(world);
		verdict = make_change(world, change, &counts);
		if (verdict != '.' && change_needs_detour(world, change))
			KUNIT_EXPECT_EQ_MSG(test, verdict, 'b', "%s to %s",
					    world_kind_name(change.from),
					    world_kind_name(change.to));
		world_release_dids(world);
		change_tear_down(world, change);
	}
	world_block_all(world);
	world_check_idle(world);
}

/* An address space needs more of a unit than its first stage. */
static void no_sva(struct attach_world *world)
{
	struct change change = { WORLD_SS, WORLD_SVA };

	if (!world_can_attach(world, WORLD_DEVICE, WORLD_SVA))
		return;
	change_set_up(world, change);
	world_set_capable(world, false);
	expect_failure(world, change, -ENODEV);
	world_set_capable(world, true);
	change_attach(world, WORLD_DEVICE, WORLD_SVA);
	change_tear_down(world, change);
}

static void incompatible(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_OWN);

	no_sva(world);
	while (change_next(world, &change)) {
		if (!can_fail(world, change))
			continue;
		change_set_up(world, change);
		world_set_capable(world, false);
		expect_failure(world, change, -EINVAL);
		world_set_capable(world, true);
		change_attach(world, WORLD_DEVICE, change.to);
		change_tear_down(world, change);
	}
	world_block_all(world);
	world_check_idle(world);
}

/* Control bits change under live entries of all that are attached. */
static void run_control(struct attach_world *world, enum world_kind kind,
			bool on)
{
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;
	enum world_device which;

	unit_clear_counts(&world->machine);
	world_switch_control(world, kind, on);
	unit_observe_all(&world->machine);
	KUNIT_EXPECT_FALSE(world->test, seen->fault);

	if (kind == WORLD_FS)
		on = true;
	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which) &&
		    world->requester[which].kind == kind)
			KUNIT_EXPECT_EQ(world->test,
					world_control(world, which), on);
}

static void control_bits(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { .sharing = CHANGE_SHARED };
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_has_control(world, kind))
			continue;
		change.from = kind;
		change.to = WORLD_PRIVATE;
		change_set_up(world, change);
		run_control(world, kind, true);
		run_control(world, kind, false);
		change_report(world, change, "switching control bits");
		change_tear_down(world, change);
	}
}

/*
 * VT-d spec, section 6.5.3.3: the present bit goes alone, and nothing of an
 * absent entry changes before caches have been invalidated.
 */
static void absent_entries(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_OWN);

	world->machine.strict = true;
	while (change_next(world, &change)) {
		change_set_up(world, change);
		change_attach(world, WORLD_DEVICE, change.to);
		change_report(world, change, "in which order");
		change_tear_down(world, change);
	}
}

/*
 * A device is detached and attached anew: of the entry that has gone no fetch may
 * find anything in the new one, nor in the one after that.
 */
static void after_a_gap(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = change_start(CHANGE_OWN);

	while (change_next(world, &change)) {
		change_set_up(world, change);
		change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
		change_attach(world, WORLD_DEVICE, change.to);
		if (world_can_attach(world, WORLD_DEVICE, WORLD_NESTED))
			change_attach(world, WORLD_DEVICE, WORLD_NESTED);
		change_attach(world, WORLD_DEVICE, change.to);
		change_report(world, change, "after a gap");
		change_tear_down(world, change);
	}
}

/* A guest changes its own table, and tells so. */
static void guest_unmaps(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	enum world_kind kind;
	bool leaf_only;
	unsigned int i;

	for (kind = WORLD_NESTED; kind <= WORLD_NESTED_OTHER; kind++)
		for (i = 0; i < 2; i++) {
			struct change change = { kind, WORLD_PRIVATE,
						 CHANGE_SHARED_OLD };

			if (!world_has(world, kind))
				continue;
			leaf_only = i;
			change_set_up(world, change);
			KUNIT_EXPECT_TRUE(test,
					  world_guest_unmap(world, kind, leaf_only));
			change_report(world, change, "a guest unmaps");
			world_guest_remap(world, kind);
			change_tear_down(world, change);
		}
}

/*
 * What a guest's table asks for
 */

#define ECAP_SRS	BIT_ULL(31)
#define ECAP_EAFS	BIT_ULL(34)
#define GUEST_BITS	(PASID_PE_SRE | PASID_PE_WPE | PASID_PE_EAFE)

/* @ecap: what the units have for it; @bits: what is in the entry then */
static const struct {
	const char *name;
	u32 addr_width;
	u64 flags;
	u64 ecap;
	bool fits;
	u64 bits;
} nested_params[] = {
	{ "plain", ADDR_WIDTH_4LEVEL, 0, 0, true },
	{ "supervisor requests", ADDR_WIDTH_4LEVEL, IOMMU_VTD_S1_SRE },
	{ "supervisor requests that there are", ADDR_WIDTH_4LEVEL,
	  IOMMU_VTD_S1_SRE, ECAP_SRS, true, PASID_PE_SRE },
	{ "write protection", ADDR_WIDTH_4LEVEL,
	  IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_WPE, ECAP_SRS, true,
	  PASID_PE_SRE | PASID_PE_WPE },
	{ "write protection alone", ADDR_WIDTH_4LEVEL, IOMMU_VTD_S1_WPE, 0,
	  true },
	{ "extended access flags", ADDR_WIDTH_4LEVEL, IOMMU_VTD_S1_EAFE },
	{ "extended access flags that there are", ADDR_WIDTH_4LEVEL,
	  IOMMU_VTD_S1_EAFE, ECAP_EAFS, true, PASID_PE_EAFE },
	{ "5 levels", ADDR_WIDTH_5LEVEL },
	{ "a width that there is not", 39 },
};

KUNIT_ARRAY_PARAM_DESC(nested, nested_params, name);

/* A unit is asked for what it has, and for nothing else. */
static void nested_fits(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
	};
	const typeof(nested_params[0]) *param = test->param_value;
	struct attach_world *world = attach_world_make(test, &config);
	struct change change = { WORLD_PARENT, WORLD_NESTED };

	world_limit_levels(world);
	world_add_ecap(world, param->ecap);
	driver_change_guest(world->domain[WORLD_NESTED].domain,
			    param->addr_width, param->flags);
	change_attach(world, WORLD_DEVICE, WORLD_PARENT);
	if (param->fits) {
		change_attach(world, WORLD_DEVICE, WORLD_NESTED);
		KUNIT_EXPECT_EQ(test, param->bits,
				world_entry(world, WORLD_DEVICE)[2] & GUEST_BITS);
	} else {
		expect_failure(world, change, -EINVAL);
	}
	change_report(world, change, param->name);
}

/*
 * Forced snooping
 */

/* A unit that cannot control snooping must not be asked to. */
static void no_snoop_control(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
		.no_snoop_control = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct change change = { WORLD_BLOCKED, WORLD_FS_SNOOP };

	KUNIT_EXPECT_EQ(test, world_attach(world, WORLD_DEVICE,
					   WORLD_FS_SNOOP).ret, -EINVAL);
	change_report(world, change, "forcing snooping");

	/* It fails after the old domain's id was handed down. */
	change.from = WORLD_FS;
	change_attach(world, WORLD_DEVICE, WORLD_FS);
	expect_failure(world, change, -EINVAL);
	KUNIT_EXPECT_FALSE(test, world_force_snooping(world, WORLD_FS));
	change_report(world, change, "forcing snooping");
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	world_check_idle(world);
}

/* What is nested on a domain would snoop as it does. */
static void no_snoop_control_for_guest(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
		.no_snoop_control = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct change change = { WORLD_FS, WORLD_NESTED };

	KUNIT_EXPECT_TRUE(test, world_force_snooping(world, WORLD_PARENT));
	change_attach(world, WORLD_DEVICE, WORLD_FS);
	expect_failure(world, change, -EINVAL);
	change.to = WORLD_PARENT;
	expect_failure(world, change, -EINVAL);
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	world_check_idle(world);
}

static void no_snoop_control_for_pasid(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
		.pasid = 5,
		.no_snoop_control = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct change change = { WORLD_FS, WORLD_FS };

	change_attach(world, WORLD_DEVICE, WORLD_FS);
	KUNIT_EXPECT_FALSE(test, world_force_snooping(world, WORLD_FS));
	unit_observe_all(&world->machine);
	change_report(world, change, "forcing snooping");
}

/* What is nested on a domain snoops as it does, attached before or after. */
static void parent_snoops(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { WORLD_NESTED, WORLD_PRIVATE };

	if (!world_has(world, WORLD_NESTED) || world->config.no_snoop_control)
		return;

	change_set_up(world, change);
	KUNIT_EXPECT_FALSE(test, world_snoops(world, WORLD_DEVICE));
	KUNIT_EXPECT_TRUE(test, world_force_snooping(world, WORLD_NESTED));
	KUNIT_EXPECT_TRUE(test, world_snoops(world, WORLD_DEVICE));
	change_attach(world, WORLD_OLD_SHARER, WORLD_NESTED_SIBLING);
	KUNIT_EXPECT_TRUE(test, world_snoops(world, WORLD_OLD_SHARER));
	change_report(world, change, "forcing snooping");
	change_tear_down(world, change);
}

#define SECOND_STAGE_SNOOP	BIT_ULL(11)

static const struct world_config mappings_params[] = {
	{ .quantum_words = 1 },
	{ .scalable = true, .quantum_words = 1 },
};

KUNIT_ARRAY_PARAM(mappings, mappings_params, change_describe_config);

/* A second stage is told by each of its mappings. */
static void mappings_snoop(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	const unsigned int victim = BIT(WORLD_REGION_VICTIM);

	KUNIT_EXPECT_FALSE(test, world_leaf(world, WORLD_SS, UNIT_PAGE_VICTIM) &
				 SECOND_STAGE_SNOOP);
	KUNIT_EXPECT_TRUE(test, world_force_snooping(world, WORLD_SS));
	world_unmap(world, WORLD_SS, victim);
	world_map(world, WORLD_SS, victim, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, world_leaf(world, WORLD_SS, UNIT_PAGE_VICTIM) &
				SECOND_STAGE_SNOOP);
}

/*
 * Two devices of one group
 */

static const struct world_config group_params[] = {
	{ .quantum_words = 2, .ats = true, .alias = WORLD_ALIAS_DEVICE },
	{ .quantum_words = 1, .alias = WORLD_ALIAS_DEVICE },
	{ .scalable = true, .quantum_words = 2, .ats = true,
	  .alias = WORLD_ALIAS_DEVICE },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .caching_mode = true, .alias = WORLD_ALIAS_DEVICE },
};

KUNIT_ARRAY_PARAM(group, group_params, change_describe_config);

/* Requests with its ID were the other one's before it was found. */
static void device_is_found_late(struct attach_world *world)
{
	struct world_requester *late = &world->requester[WORLD_OLD_SHARER];
	const struct unit_grant *grant = world_grant(world, WORLD_SS);
	struct unit_machine *machine = &world->machine;
	struct change change = { WORLD_SS, WORLD_BLOCKED };

	change_attach(world, WORLD_OLD_SHARER, WORLD_BLOCKED);
	world_pci_release(world, late->pci);
	KUNIT_ASSERT_EQ(world->test, 0,
			world_pci_probe(world, &world->pci[WORLD_DEVICE]));
	unit_grant(machine, late->seen, NULL, grant);
	change_attach(world, WORLD_DEVICE, WORLD_SS);
	unit_granted(machine, late->pci->unit->model, late->seen, grant);
	KUNIT_EXPECT_FALSE(world->test, late->seen->fault);

	unit_grant(machine, late->seen, grant, NULL);
	KUNIT_ASSERT_EQ(world->test, 0, world_pci_probe(world, late->pci));
	unit_granted(machine, late->pci->unit->model, late->seen, NULL);
	change_report(world, change, "the device found late");
}

/*
 * What one device also uses as its requester ID stays the other one's, which is
 * probed after it, also when the one with the alias goes.
 */
static void alias_is_a_device(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { WORLD_SS, WORLD_SS };

	KUNIT_EXPECT_TRUE(test, world_attach(world, WORLD_OLD_SHARER,
					     WORLD_SS).served);
	change_report(world, change, "the device");
	KUNIT_EXPECT_TRUE(test, world_attach(world, WORLD_DEVICE,
					     WORLD_SS).served);
	change_report(world, change, "the one with the alias");
	world_unmap(world, WORLD_SS, WORLD_REGIONS);
	change_report(world, change, "both, unmapping");
	world_remap(world);

	if (!world->config.scalable)
		return;
	change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	world_pci_release(world, &world->pci[WORLD_DEVICE]);
	KUNIT_EXPECT_TRUE(test, world_attach(world, WORLD_OLD_SHARER,
					     WORLD_FS).served);
	change_report(world, change, "the device alone");
	device_is_found_late(world);
}

/* Requests of a device behind a VMD endpoint bear the endpoint's ID. */
static void behind_vmd(struct kunit *test)
{
	const struct world_config config = {
		.quantum_words = 1,
		.ats = true,
		.subdevice = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct world_pci *sub = &world->pci[WORLD_NEW_SHARER];
	struct device *dev = &sub->pdev.dev;
	struct iommu_domain *domain = world->domain[WORLD_SS].domain;
	struct iommu_domain *blocked = world->domain[WORLD_BLOCKED].domain;
	struct change change = { WORLD_SS, WORLD_SS };

	if (!IS_ENABLED(CONFIG_VMD))
		kunit_skip(test, "the kernel does not know VMD");
	change_attach(world, WORLD_DEVICE, WORLD_SS);
	KUNIT_ASSERT_EQ(test, domain->ops->attach_dev(domain, dev, blocked), 0);
	/* Its translated requests would be the endpoint's. */
	KUNIT_EXPECT_FALSE(test, READ_ONCE(*sub->function.ats_ctrl) &
				 PCI_ATS_CTRL_ENABLE);
	/* In the unit's segment, its own ID is somebody else's. */
	KUNIT_EXPECT_NULL(test, iommu_context_addr(&world->unit[0].iommu,
						   sub->bus.number,
						   sub->pdev.devfn, false));
	world_unmap(world, WORLD_SS, BIT(WORLD_REGION_VICTIM));
	change_report(world, change, "with a subdevice");
	KUNIT_ASSERT_EQ(test, blocked->ops->attach_dev(blocked, dev, domain), 0);
	/* The endpoint goes on. */
	unit_observe_all(&world->machine);
	KUNIT_EXPECT_FALSE(test, world->requester[WORLD_DEVICE].seen->fault);
	world_unmap(world, WORLD_SS, BIT(WORLD_REGION_RUN));
	change_report(world, change, "after a subdevice has gone");
}

static const struct {
	const char *name;
	struct world_config config;
	enum world_device who;
	int error;
} no_pasids_params[] = {
	{ "legacy mode", { .quantum_words = 1 }, WORLD_DEVICE, -EOPNOTSUPP },
	{ "behind VMD",
	  { .scalable = true, .quantum_words = 1, .subdevice = true },
	  WORLD_NEW_SHARER, -EOPNOTSUPP },
	{ "tables of a crashed kernel",
	  { .scalable = true, .quantum_words = 1, .copied = true },
	  WORLD_DEVICE, -EBUSY },
};

KUNIT_ARRAY_PARAM_DESC(no_pasids, no_pasids_params, name);

/* Where there are no PASIDs, requests without go on as before. */
static void no_pasids(struct kunit *test)
{
	const typeof(no_pasids_params[0]) *param = test->param_value;
	struct attach_world *world = attach_world_make(test, &param->config);
	struct iommu_domain *domain = world->domain[WORLD_PARENT].domain;
	struct device *dev = &world->pci[param->who].pdev.dev;
	struct change change = { WORLD_SS, WORLD_PARENT };

	if (param->config.subdevice && !IS_ENABLED(CONFIG_VMD))
		kunit_skip(test, "the kernel does not know VMD");
	if (!param->config.copied)
		change_attach(world, WORLD_DEVICE, WORLD_SS);
	KUNIT_EXPECT_EQ(test, domain->ops->set_dev_pasid(domain, dev, 5, NULL),
			param->error);
	unit_observe_all(&world->machine);
	change_report(world, change, param->name);
	KUNIT_EXPECT_FALSE(test, driver_knows_unit(domain,
						   &world->unit[0].iommu));
}

static const struct world_config order_params[] = {
	{ .scalable = true, .quantum_words = 2, .ats = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .caching_mode = true, .throttled = true },
	{ .quantum_words = 2, .ats = true },
	{ .quantum_words = 1, .no_queue = true },
};

KUNIT_ARRAY_PARAM(order, order_params, change_describe_config);

static const struct world_config guest_params[] = {
	{ .scalable = true, .quantum_words = 1, .ats = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .caching_mode = true, .no_psi = true, .tell_twice = true },
};

KUNIT_ARRAY_PARAM(guest, guest_params, change_describe_config);

static struct kunit_case attach_cases[] = {
	KUNIT_CASE_PARAM(changes, attach_gen_params),
	KUNIT_CASE_PARAM_ATTR(unmaps, attach_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(unmaps_while_ats_changes, ats_gen_params),
	KUNIT_CASE_PARAM(no_did, attach_gen_params),
	KUNIT_CASE_PARAM(no_did_to_inherit, attach_gen_params),
	KUNIT_CASE_PARAM(no_did_for_detour, attach_gen_params),
	KUNIT_CASE_PARAM(incompatible, attach_gen_params),
	KUNIT_CASE_PARAM(control_bits, attach_gen_params),
	KUNIT_CASE_PARAM(absent_entries, order_gen_params),
	KUNIT_CASE_PARAM(after_a_gap, attach_gen_params),
	KUNIT_CASE_PARAM(guest_unmaps, guest_gen_params),
	KUNIT_CASE_PARAM(nested_fits, nested_gen_params),
	KUNIT_CASE(no_snoop_control),
	KUNIT_CASE(no_snoop_control_for_guest),
	KUNIT_CASE(no_snoop_control_for_pasid),
	KUNIT_CASE_PARAM(parent_snoops, attach_gen_params),
	KUNIT_CASE_PARAM(mappings_snoop, mappings_gen_params),
	KUNIT_CASE_PARAM(alias_is_a_device, group_gen_params),
	KUNIT_CASE(behind_vmd),
	KUNIT_CASE_PARAM(no_pasids, no_pasids_gen_params),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "intel_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);
