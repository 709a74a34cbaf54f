// SPDX-License-Identifier: GPL-2.0
/*
 * Changes of domains, and what is to be expected of each
 */

#include <kunit/test.h>

#include "attach_change.h"
#include "attach_world.h"

/* More say nothing new. */
#define CHANGE_MAX_FAILURES	20

/*
 * What is to be expected of a change: h for hitless, b for breaking, . where
 * nothing is translated before or afterwards. Rows are from, columns are to, as
 * in enum world_kind.
 *
 * With a DID of its own to go by, an entry breaks only where two quanta must
 * change at once for other reasons: type or parent, and first-stage table.
 */
static const char * const expected_scalable[WORLD_NUM_KINDS] = {
	/*			 blocked
	 *			 | fs, other, snoop
	 *			 | |   ss, parent
	 *			 | |   |  nested, sibling, other
	 *			 | |   |  |   sva
	 *			 | |   |  |   |identity
	 */
	[WORLD_BLOCKED]		= "...........",
	[WORLD_FS]		= ".hhhhhbbbhh",
	[WORLD_FS_OTHER]	= ".hhhhhbbbhh",
	[WORLD_FS_SNOOP]	= ".hhhhhbbbhh",
	[WORLD_SS]		= ".hhhhhhhhhh",
	[WORLD_PARENT]		= ".hhhhhhhhhh",
	[WORLD_NESTED]		= ".bbbhhhhbbh",
	[WORLD_NESTED_SIBLING]	= ".bbbhhhhbbh",
	[WORLD_NESTED_OTHER]	= ".bbbhhbbhbh",
	[WORLD_SVA]		= ".hhhhhbbbhh",
	[WORLD_IDENTITY]	= ".hhhhhhhhhh",
};

/*
 * A DID has a type. Two kinds that may bear one in turn have a bit in common:
 * first stages, second stages, and a second stage and what is nested on it.
 * Address spaces and the identity domain have the same DID all the time.
 */
static unsigned int families(enum world_kind kind)
{
	switch (kind) {
	case WORLD_FS:
	case WORLD_FS_OTHER:
	case WORLD_FS_SNOOP:
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

/**
 * change_describe_config - describe a world
 * @config: its properties
 * @desc: filled in
 */
void change_describe_config(const struct world_config *config, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE,
		 "%s pasid=%u quantum=%u%s%s%s%s%s%s%s%s%s%s%s%s%s%s",
		 config->scalable ? "scalable" : "legacy", config->pasid,
		 64 * config->quantum_words, config->ats ? " ats" : "",
		 config->caching_mode ? " cm" : "",
		 config->incoherent ? " incoherent" : "",
		 config->rwbf ? " rwbf" : "",
		 config->no_queue ? " registers" : "",
		 config->no_psi ? " no-psi" : "",
		 config->small_ranges ? " mamv=4" : "",
		 config->no_snoop_control ? " no-sc" : "",
		 config->same_device ? " two pasids" : "",
		 config->throttled ? " pfsid" : "",
		 config->came_in ? " came-in" : "",
		 config->tell_twice ? " twice" : "",
		 config->alias ? " alias" : "", config->far ? " far" : "");
}

/**
 * change_sharing_name - say who else is attached
 * @sharing: who
 *
 * Return: words that go behind a change.
 */
const char *change_sharing_name(enum change_sharing sharing)
{
	static const char * const names[CHANGE_NUM_SHARINGS] = {
		[CHANGE_OWN] = "",
		[CHANGE_SHARED_OLD] = ", old shared",
		[CHANGE_SHARED_NEW] = ", new shared",
		[CHANGE_SHARED] = ", shared",
	};

	return names[sharing];
}

/**
 * change_verdict_name - say how a change went
 * @verdict: how
 *
 * Return: a word for it.
 */
const char *change_verdict_name(char verdict)
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

/**
 * change_report - fail if the model has found anything
 * @world: the world
 * @change: what was changed
 * @during: what else went on
 *
 * Return: whether it has.
 */
bool change_report(struct attach_world *world, struct change change,
		   const char *during)
{
	if (!world->machine.failure[0])
		return false;

	KUNIT_FAIL(world->test, "%s to %s%s, %s: %s",
		   world_kind_name(change.from),
		   world_kind_name(change.to),
		   change_sharing_name(change.sharing), during,
		   world->machine.failure);
	if (++world->failures == CHANGE_MAX_FAILURES)
		KUNIT_FAIL_AND_ABORT(world->test, "giving up");
	unit_reset(&world->machine);
	return true;
}

/**
 * change_attach - attach something, which must succeed
 * @world: the world
 * @which: a requester
 * @kind: to what
 */
void change_attach(struct attach_world *world, enum world_device which,
		   enum world_kind kind)
{
	KUNIT_EXPECT_EQ_MSG(world->test, world_attach(world, which, kind).ret, 0,
			    "attaching %s", world_kind_name(kind));
}

static void expect_nothing_done(struct attach_world *world, struct change change,
				const struct world_result *result)
{
	struct iommu_domain *from = world->domain[change.from].domain;

	KUNIT_EXPECT_EQ(world->test, result->counts.stores, 0);
	KUNIT_EXPECT_FALSE(world->test,
			   driver_is_in_transit(from, &world->unit[0].iommu));
	if (change.from != WORLD_BLOCKED) {
		KUNIT_EXPECT_FALSE(world->test, result->fault);
		KUNIT_EXPECT_TRUE(world->test, result->served);
	}
	world_unmap(world, change.from, WORLD_REGIONS);
	change_report(world, change, "failing");
	world_remap(world);
}

/**
 * change_try - make a change that may fail
 * @world: the world
 * @change: what is changed
 *
 * If it fails, it must have done nothing: no store, the device translates as
 * before, and an unmap of its domain still reaches all caches.
 *
 * Return: how it went.
 */
struct world_result change_try(struct attach_world *world, struct change change)
{
	struct world_result result = world_attach(world, WORLD_DEVICE, change.to);

	if (result.ret)
		expect_nothing_done(world, change, &result);
	return result;
}

static enum world_kind sharer_kind(struct attach_world *world,
				   enum world_device which, enum world_kind kind,
				   bool shares)
{
	return shares && world_can_attach(world, which, kind) ? kind :
								WORLD_PRIVATE;
}

/**
 * change_set_up - attach everybody as it is before a change
 * @world: the world
 * @change: what will be changed
 */
void change_set_up(struct attach_world *world, struct change change)
{
	bool old = change.sharing & CHANGE_SHARED_OLD;
	bool new = change.sharing & CHANGE_SHARED_NEW;
	enum world_device which;
	enum world_kind kind;

	for (which = WORLD_OLD_SHARER; which < WORLD_NUM_DEVICES; which++) {
		if (!world_has_device(world, which))
			continue;
		if (which == WORLD_OLD_SHARER || which == WORLD_FAR_OLD)
			kind = sharer_kind(world, which, change.from, old);
		else
			kind = sharer_kind(world, which, change.to, new);
		if (world->requester[which].kind != kind)
			change_attach(world, which, kind);
	}
	change_attach(world, WORLD_DEVICE, change.from);
	change_report(world, change, "before");
}

/**
 * change_tear_down - detach everybody that the change is about
 * @world: the world
 * @change: what was changed
 *
 * Domains out of use must leave nothing behind when all is over. Those that
 * only look on stay, except after the last of a row of changes.
 */
void change_tear_down(struct attach_world *world, struct change change)
{
	bool last = change.to == WORLD_NUM_KINDS - 1 ||
		    change.to == WORLD_PRIVATE;
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which) &&
		    (last || world->requester[which].kind != WORLD_PRIVATE))
			change_attach(world, which, WORLD_BLOCKED);
	unit_check_tags(&world->machine);
	change_report(world, change, "afterwards");
	if (last)
		world_check_idle(world);
	world_remap(world);
}

/**
 * change_start - begin to go through all changes
 * @sharing: who else is attached
 *
 * Return: what is before the first; change_next() goes on from there.
 */
struct change change_start(enum change_sharing sharing)
{
	return (struct change){ .from = 0, .to = -1, .sharing = sharing };
}

/**
 * change_next - go on to the next change
 * @world: the world
 * @change: updated
 *
 * Return: false if there is none.
 */
bool change_next(struct attach_world *world, struct change *change)
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

/**
 * change_number - how many changes there must be
 * @world: the world
 *
 * By what its units can do, not by what could be made.
 *
 * Return: the number.
 */
unsigned int change_number(struct attach_world *world)
{
	const struct world_config *config = &world->config;
	/* blocked, two second stages, identity */
	unsigned int kinds = 4;

	if (config->scalable)
		kinds += 2 + !config->no_snoop_control + 3;
	if (IS_ENABLED(CONFIG_INTEL_IOMMU_SVM) && config->scalable &&
	    config->ats && config->pasid && !config->incoherent && !config->rwbf)
		kinds++;
	return kinds * kinds;
}

/**
 * change_may_inherit - whether the new domain can take over the old one's DID
 * @world: the world
 * @change: the change; nobody else is attached to either
 *
 * Return: whether it can.
 */
bool change_may_inherit(struct attach_world *world, struct change change)
{
	return world->domain[change.from].mapped && change.from != WORLD_SVA &&
	       may_share_id(change);
}

/**
 * change_needs_detour - whether a change is hitless only by way of another DID
 * @world: the world
 * @change: the change; both domains are shared
 *
 * Return: whether it is.
 */
bool change_needs_detour(struct attach_world *world, struct change change)
{
	if (change.from == change.to || change.from == WORLD_BLOCKED)
		return false;
	if (world->config.quantum_words == 1)
		return true;

	/* What shares WORLD_SVA's DID shares nothing that is used up. */
	return families(change.from) == BIT(0) &&
	       families(change.to) == BIT(0);
}

/*
 * A legacy entry is one quantum of 16 bytes. In two of 8 it cannot change both
 * its table and its DID, unless it keeps the DID.
 */
static char expected_legacy(struct attach_world *world, struct change change)
{
	bool keeps_did = change.from == change.to ||
			 (change.sharing == CHANGE_OWN &&
			  change.from != WORLD_IDENTITY &&
			  change.to != WORLD_IDENTITY);

	return world->config.quantum_words == 2 || keeps_did ? 'h' : 'b';
}

/**
 * change_expected - what is to be expected of a change
 * @world: the world
 * @change: the change
 *
 * Return: h for hitless, b for breaking, . for neither.
 */
char change_expected(struct attach_world *world, struct change change)
{
	if (change.from == WORLD_BLOCKED || change.to == WORLD_BLOCKED)
		return '.';
	if (!world->config.scalable)
		return expected_legacy(world, change);
	/* In two stores of 8 bytes, type and id cannot change at once. */
	if (world->config.quantum_words == 1 && change.from != change.to &&
	    !may_share_id(change))
		return 'b';

	return expected_scalable[change.from][change.to];
}

static bool has_legacy_ats(enum world_kind kind)
{
	return kind != WORLD_BLOCKED && kind != WORLD_IDENTITY;
}

/* The ATC is told once, or twice where it must be. */
static void expect_atcs(struct attach_world *world, struct change change,
			char verdict, const struct unit_counts *counts)
{
	const struct world_config *config = &world->config;
	unsigned int once = config->tell_twice ? 2 : 1;
	unsigned int expected = once;

	if (!config->ats || !counts->stores || change.from == WORLD_BLOCKED)
		expected = 0;
	/* In legacy mode there is nothing in it before ATS goes on. */
	if (!config->scalable && !has_legacy_ats(change.from))
		expected = 0;
	/* Emulated units need it again when an entry that was absent is whole. */
	if (config->scalable && config->caching_mode && verdict != 'h')
		expected *= 2;
	/* In legacy mode an alias has an entry of its own. */
	if (!config->scalable && config->alias && counts->atcs == 2 * expected)
		return;
	KUNIT_EXPECT_EQ_MSG(world->test, counts->atcs, expected,
			    "%s to %s%s invalidates ATCs",
			    world_kind_name(change.from),
			    world_kind_name(change.to),
			    change_sharing_name(change.sharing));
}

/* A guest's table is at 0: nothing changes in the second half, but for fetches. */
static bool has_to_settle(struct attach_world *world, struct change change)
{
	return change.to == WORLD_NESTED && !world->config.caching_mode &&
	       (families(change.from) & (BIT(1) | BIT(4))) &&
	       change.from != WORLD_SVA;
}

/**
 * change_expect_cost - check what a change has cost
 * @world: the world
 * @change: the change
 * @verdict: how it went
 * @counts: what it has cost
 */
void change_expect_cost(struct attach_world *world, struct change change,
			char verdict, const struct unit_counts *counts)
{
	bool ats_off = !world->config.scalable && world->config.ats &&
		       has_legacy_ats(change.from) && !has_legacy_ats(change.to);
	unsigned int waits = max(counts->stores, 1) + ats_off +
			     has_to_settle(world, change);

	/* A submission is a wait, and no step of an entry needs two. */
	KUNIT_EXPECT_EQ(world->test, counts->waits, counts->submissions);
	if (world->config.no_queue)
		waits *= 2;
	KUNIT_EXPECT_LE_MSG(world->test, counts->waits, waits,
			    "%s to %s%s waits",
			    world_kind_name(change.from),
			    world_kind_name(change.to),
			    change_sharing_name(change.sharing));
	expect_atcs(world, change, verdict, counts);

	/* Only emulated units are waited for when the rest of an entry goes. */
	if (change.to == WORLD_BLOCKED && change.from != WORLD_BLOCKED &&
	    !world->config.alias && !world->config.no_queue)
		KUNIT_EXPECT_EQ(world->test, counts->waits,
				1 + world->config.caching_mode + ats_off);

	/* Whoever takes over an id, or shares none, moves in one step. */
	if (verdict == 'h' && world->config.quantum_words == 2 &&
	    (families(change.from) & families(change.to) & BIT(1)) &&
	    change.from != change.to && !world->config.alias &&
	    !world->config.no_queue) {
		KUNIT_EXPECT_EQ(world->test, counts->stores, 1);
		KUNIT_EXPECT_EQ(world->test, counts->waits, 1);
	}
}

/**
 * change_print - print a row of the matrix of the manual
 * @world: the world
 * @change: the change
 * @verdict: how it went
 * @counts: what it has cost
 */
void change_print(struct attach_world *world, struct change change,
		  char verdict, const struct unit_counts *counts)
{
	const struct world_config *config = &world->config;

	/* Others cost no more and no less. */
	if (config->incoherent || config->same_device || config->far ||
	    config->rwbf || config->no_queue || config->alias ||
	    config->throttled || config->pasid > 5)
		return;
	if (change.sharing != CHANGE_OWN && change.sharing != CHANGE_SHARED)
		return;

	kunit_info(world->test, "matrix: mode=%s pasid=%u ats=%d cm=%d ids=%s quantum=%u from=%s to=%s -> %s submissions=%u waits=%u fences=%u syncs=%u stores=%u",
		   config->scalable ? "scalable" : "legacy", config->pasid,
		   config->ats, config->caching_mode,
		   change.sharing == CHANGE_SHARED ? "shared" : "own",
		   64 * config->quantum_words,
		   world_kind_name(change.from),
		   world_kind_name(change.to), change_verdict_name(verdict),
		   counts->submissions, counts->waits, counts->fences,
		   counts->syncs, counts->stores);
}
