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
#include "attach_world.h"
#include "unit_model.h"

/* More say nothing new. */
#define ATTACH_MAX_FAILURES	20

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
	{ .scalable = true, .quantum_words = 1 },
	{ .scalable = true, .quantum_words = 1, .ats = true,
	  .caching_mode = true, .incoherent = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true },
	{ .scalable = true, .quantum_words = 2, .ats = true,
	  .same_device = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .same_device = true },
	{ .quantum_words = 2 },
	{ .quantum_words = 2, .ats = true },
	{ .quantum_words = 2, .caching_mode = true, .incoherent = true },
	{ .quantum_words = 1 },
	{ .quantum_words = 1, .ats = true, .caching_mode = true },
	{ .quantum_words = 1, .ats = true, .incoherent = true },
};

static void describe_config(const struct world_config *config, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s pasid=%u quantum=%u%s%s%s%s",
		 config->scalable ? "scalable" : "legacy", config->pasid,
		 64 * config->quantum_words, config->ats ? " ats" : "",
		 config->caching_mode ? " cm" : "",
		 config->incoherent ? " incoherent" : "",
		 config->same_device ? " two pasids" : "");
}

KUNIT_ARRAY_PARAM(attach, attach_params, describe_config);

/*
 * What is to be expected of a change: h for hitless, b for breaking, . where
 * nothing is translated before or afterwards. Rows are from, columns are to, as
 * in enum world_kind.
 *
 * With a DID of its own to go by, an entry breaks only where two quanta must
 * change at once for other reasons: type or parent, and first-stage table.
 */
static const char * const expect_scalable[WORLD_NUM_KINDS] = {
	/*			 blocked
	 *			 | fs, other
	 *			 | |  ss, parent
	 *			 | |  |  nested, sibling, other
	 *			 | |  |  |   sva
	 *			 | |  |  |   |identity
	 */
	[WORLD_BLOCKED]		= "..........",
	[WORLD_FS]		= ".hhhhbbbhh",
	[WORLD_FS_OTHER]	= ".hhhhbbbhh",
	[WORLD_SS]		= ".hhhhhhhhh",
	[WORLD_PARENT]		= ".hhhhhhhhh",
	[WORLD_NESTED]		= ".bbhhhhbbh",
	[WORLD_NESTED_SIBLING]	= ".bbhhhhbbh",
	[WORLD_NESTED_OTHER]	= ".bbhhbbhbh",
	[WORLD_SVA]		= ".hhhhbbbhh",
	[WORLD_IDENTITY]	= ".hhhhhhhhh",
};

/* A change and who else is attached to the domains */
struct change {
	enum world_kind from;
	enum world_kind to;
	bool shared;
};

static const char *kind_name(struct attach_world *world, enum world_kind kind)
{
	return world->domain[kind].grant.name;
}

static bool report(struct attach_world *world, struct change change,
		   const char *during)
{
	if (!world->unit.failure[0])
		return false;

	KUNIT_FAIL(world->test, "%s to %s%s, %s: %s",
		   kind_name(world, change.from), kind_name(world, change.to),
		   change.shared ? ", shared" : "", during,
		   world->unit.failure);
	if (++world->failures == ATTACH_MAX_FAILURES)
		KUNIT_FAIL_AND_ABORT(world->test, "giving up");
	unit_reset(&world->unit);
	return true;
}

static void attach_ok(struct attach_world *world, enum world_device which,
		      enum world_kind kind)
{
	KUNIT_EXPECT_EQ(world->test, world_attach(world, which, kind).ret, 0);
}

static void set_up(struct attach_world *world, struct change change)
{
	enum world_kind private = WORLD_PRIVATE;
	bool share_old = change.shared &&
			 world_can_attach(world, WORLD_OLD_SHARER, change.from);

	attach_ok(world, WORLD_OLD_SHARER, share_old ? change.from : private);
	attach_ok(world, WORLD_NEW_SHARER, change.shared ? change.to : private);
	attach_ok(world, WORLD_DEVICE, change.from);
	report(world, change, "before");
}

/* Domains out of use must leave nothing behind when all is over. */
static void tear_down(struct attach_world *world, struct change change)
{
	unsigned int i;

	for (i = 0; i < WORLD_NUM_DEVICES; i++)
		attach_ok(world, i, WORLD_BLOCKED);
	unit_check_tags(&world->unit);
	report(world, change, "afterwards");
	world_check_idle(world);
	world_remap(world);
}

/* Before the first; next_change() goes on from there. */
static struct change start_changes(bool shared)
{
	return (struct change){ .from = 0, .to = -1, .shared = shared };
}

static bool next_change(struct attach_world *world, struct change *change)
{
	do {
		if (++change->to == WORLD_NUM_KINDS) {
			change->to = 0;
			change->from++;
		}
		if (change->from == WORLD_NUM_KINDS)
			return false;
	} while (!world_has(world, change->from) ||
		 !world_has(world, change->to));

	return true;
}

/*
 * A legacy entry is one quantum of 16 bytes. In two of 8 it cannot change both
 * its table and its DID, unless it keeps the DID.
 */
static char expected_legacy(struct attach_world *world, struct change change)
{
	bool keeps_did = change.from == change.to ||
			 (!change.shared && change.from != WORLD_IDENTITY &&
			  change.to != WORLD_IDENTITY);

	return world->config.quantum_words == 2 || keeps_did ? 'h' : 'b';
}

/*
 * Two kinds that may bear one id in turn have a bit in common. Address spaces
 * and the identity domain have the same id all the time.
 */
static unsigned int families(enum world_kind kind)
{
	switch (kind) {
	case WORLD_FS:
	case WORLD_FS_OTHER:
		return BIT(0);
	case WORLD_SVA:
		return BIT(0) | BIT(4);
	case WORLD_IDENTITY:
		return BIT(4);
	case WORLD_SS:
		return BIT(1);
	case WORLD_PARENT:
		return BIT(1) | BIT(2);
	case WORLD_NESTED:
	case WORLD_NESTED_SIBLING:
		return BIT(2);
	case WORLD_NESTED_OTHER:
		return BIT(3);
	default:
		return 0;
	}
}

static bool may_share_id(struct change change)
{
	return families(change.from) & families(change.to);
}

static char expected(struct attach_world *world, struct change change)
{
	if (change.from == WORLD_BLOCKED || change.to == WORLD_BLOCKED)
		return '.';
	if (!world->config.scalable)
		return expected_legacy(world, change);
	/* In two stores of 8 bytes, type and id cannot change at once. */
	if (world->config.quantum_words == 1 && change.from != change.to &&
	    !may_share_id(change))
		return 'b';

	return expect_scalable[change.from][change.to];
}

static const char *verdict_name(char verdict)
{
	switch (verdict) {
	case 'h':
		return "hitless";
	case 'b':
		return "breaking";
	default:
		return "none";
	}
}

static void print_row(struct attach_world *world, struct change change,
		      char verdict, const struct unit_counts *counts)
{
	const struct world_config *config = &world->config;

	/* These cost no more and no less than without. */
	if (config->incoherent || config->same_device)
		return;

	kunit_info(world->test, "matrix: mode=%s pasid=%u ats=%d cm=%d ids=%s quantum=%u from=%s to=%s -> %s submissions=%u waits=%u fences=%u syncs=%u stores=%u",
		   config->scalable ? "scalable" : "legacy", config->pasid,
		   config->ats, config->caching_mode,
		   change.shared ? "shared" : "own",
		   64 * config->quantum_words, kind_name(world, change.from),
		   kind_name(world, change.to), verdict_name(verdict),
		   counts->submissions, counts->waits, counts->fences,
		   counts->syncs, counts->stores);
}

/* Attach, and see that nothing is wrong; returns the verdict. */
static char make_change(struct attach_world *world, struct change change,
			struct unit_counts *counts)
{
	bool blocks = change.from == WORLD_BLOCKED || change.to == WORLD_BLOCKED;
	struct world_result result;
	char verdict;

	result = world_attach(world, WORLD_DEVICE, change.to);
	unit_check_tags(&world->unit);
	report(world, change, "during");

	verdict = blocks ? '.' : result.fault ? 'b' : 'h';
	KUNIT_EXPECT_EQ_MSG(world->test, result.ret, 0, "%s to %s",
			    kind_name(world, change.from),
			    kind_name(world, change.to));
	KUNIT_EXPECT_EQ_MSG(world->test, result.served,
			    change.to != WORLD_BLOCKED, "%s to %s",
			    kind_name(world, change.from),
			    kind_name(world, change.to));
	*counts = result.counts;
	return verdict;
}

static void run_change(struct attach_world *world, struct change change)
{
	struct unit_counts counts;
	char verdict;

	set_up(world, change);
	verdict = make_change(world, change, &counts);
	print_row(world, change, verdict, &counts);
	KUNIT_EXPECT_EQ_MSG(world->test, verdict, expected(world, change),
			    "%s to %s is %s", kind_name(world, change.from),
			    kind_name(world, change.to), verdict_name(verdict));
	tear_down(world, change);
}

static void changes(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change;

	change = start_changes(false);
	while (next_change(world, &change))
		run_change(world, change);

	change = start_changes(true);
	while (next_change(world, &change))
		run_change(world, change);
}

/* Unmap at each event in turn until there is none left, or it fails. */
static void run_unmaps(struct attach_world *world, struct change change,
		       enum world_kind kind)
{
	unsigned int event = 0;
	bool done;

	if (!world->domain[kind].mapped)
		return;

	set_up(world, change);
	do {
		attach_ok(world, WORLD_DEVICE, change.from);
		world_unmap_at(world, kind, event++);
		attach_ok(world, WORLD_DEVICE, change.to);
		done = !world_unmap_done(world);
		done |= report(world, change, "during an unmap");
		world_remap(world);
	} while (!done);
	tear_down(world, change);
}

static void run_all_unmaps(struct attach_world *world, bool shared)
{
	struct change change = start_changes(shared);

	while (next_change(world, &change)) {
		run_unmaps(world, change, change.from);
		if (change.from != change.to)
			run_unmaps(world, change, change.to);
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

	run_all_unmaps(world, false);
	if (world->config.ats)
		run_all_unmaps(world, true);
}

/* Nothing has happened, and an unmap still reaches all caches. */
static void expect_failure(struct attach_world *world, struct change change,
			   int error)
{
	struct world_result result;

	result = world_attach(world, WORLD_DEVICE, change.to);
	KUNIT_EXPECT_EQ_MSG(world->test, result.ret, error, "%s to %s",
			    kind_name(world, change.from),
			    kind_name(world, change.to));
	KUNIT_EXPECT_EQ(world->test, result.counts.stores, 0);
	if (change.from != WORLD_BLOCKED) {
		KUNIT_EXPECT_FALSE(world->test, result.fault);
		KUNIT_EXPECT_TRUE(world->test, result.served);
	}
	world_unmap(world, change.from);
	report(world, change, "failing");
	world_remap(world);
}

static bool can_fail(struct attach_world *world, struct change change)
{
	return world->domain[change.to].mapped && change.from != change.to;
}

/*
 * Without an id left, a domain can still take over that of the old one, if that
 * is of its family.
 */
static bool can_inherit(struct attach_world *world, struct change change)
{
	return world->domain[change.from].mapped && change.from != WORLD_SVA &&
	       may_share_id(change);
}

static void no_did(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = start_changes(false);

	while (next_change(world, &change)) {
		if (!can_fail(world, change) || can_inherit(world, change))
			continue;
		set_up(world, change);
		world_use_up_dids(world);
		expect_failure(world, change, -ENOSPC);
		world_release_dids(world);
		attach_ok(world, WORLD_DEVICE, change.to);
		tear_down(world, change);
	}
}

static void no_did_to_inherit(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = start_changes(false);
	struct unit_counts counts;

	while (next_change(world, &change)) {
		if (!can_fail(world, change) || !can_inherit(world, change))
			continue;
		set_up(world, change);
		world_use_up_dids(world);
		KUNIT_EXPECT_EQ(test, make_change(world, change, &counts),
				expected(world, change));
		world_release_dids(world);
		tear_down(world, change);
	}
}

/* Where a temporary id would be needed, a change breaks, but does not fail. */
static void no_did_for_detour(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = start_changes(true);
	struct unit_counts counts;
	bool needs_detour;
	char verdict;

	while (next_change(world, &change)) {
		if (!can_fail(world, change))
			continue;
		needs_detour = world->config.quantum_words == 1 ||
			       (change.from == WORLD_FS &&
				change.to == WORLD_FS_OTHER);
		set_up(world, change);
		world_use_up_dids(world);
		verdict = make_change(world, change, &counts);
		if (verdict != '.' && needs_detour)
			KUNIT_EXPECT_EQ_MSG(test, verdict, 'b', "%s to %s",
					    kind_name(world, change.from),
					    kind_name(world, change.to));
		world_release_dids(world);
		tear_down(world, change);
	}
}

static void incompatible(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = start_changes(false);

	while (next_change(world, &change)) {
		if (!can_fail(world, change))
			continue;
		set_up(world, change);
		world_set_capable(world, false);
		expect_failure(world, change, -EINVAL);
		world_set_capable(world, true);
		attach_ok(world, WORLD_DEVICE, change.to);
		tear_down(world, change);
	}
}

/* Control bits change under live entries of all that are attached. */
static void run_control(struct attach_world *world, enum world_kind kind,
			bool on)
{
	struct unit_device *ud = &world->unit.device[WORLD_DEVICE];
	const struct unit_grant *grant = &world->domain[kind].grant;

	unit_change_begin(&world->unit, ud, grant, grant);
	world_switch_control(world, kind, on);
	KUNIT_EXPECT_FALSE(world->test, ud->fault);
	unit_change_end(&world->unit, ud, grant);
	KUNIT_EXPECT_FALSE(world->test, ud->fault);

	if (kind == WORLD_FS)
		on = true;
	KUNIT_EXPECT_EQ(world->test, world_control(world, WORLD_DEVICE), on);
	KUNIT_EXPECT_EQ(world->test, world_control(world, WORLD_OLD_SHARER), on);
}

static void control_bits(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { .shared = true };
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_KINDS; kind++) {
		if (!world_has_control(world, kind))
			continue;
		change.from = kind;
		change.to = WORLD_PRIVATE;
		set_up(world, change);
		run_control(world, kind, true);
		run_control(world, kind, false);
		report(world, change, "switching control bits");
		tear_down(world, change);
	}
}

/* Snooping that is forced on a parent reaches what is nested on it already. */
static void parent_snoops(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct change change = { .from = WORLD_NESTED, .to = WORLD_PRIVATE };
	struct iommu_domain *parent;
	const u64 *entry;

	if (!world_has(world, WORLD_NESTED))
		return;

	set_up(world, change);
	entry = world->unit.device[WORLD_DEVICE].live;
	parent = world->domain[WORLD_NESTED].mapped;
	KUNIT_EXPECT_FALSE(test, entry[1] & PASID_PE_PGSNP);
	KUNIT_EXPECT_TRUE(test, intel_iommu_enforce_cache_coherency(parent));
	KUNIT_EXPECT_TRUE(test, entry[1] & PASID_PE_PGSNP);
	report(world, change, "forcing snooping");
	tear_down(world, change);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE_PARAM(changes, attach_gen_params),
	KUNIT_CASE_PARAM_ATTR(unmaps, attach_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(no_did, attach_gen_params),
	KUNIT_CASE_PARAM(no_did_to_inherit, attach_gen_params),
	KUNIT_CASE_PARAM(no_did_for_detour, attach_gen_params),
	KUNIT_CASE_PARAM(incompatible, attach_gen_params),
	KUNIT_CASE_PARAM(parent_snoops, attach_gen_params),
	KUNIT_CASE_PARAM(control_bits, attach_gen_params),
	{}
};

static struct kunit_suite attach_suite = {
	.name = "intel_attach",
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);
