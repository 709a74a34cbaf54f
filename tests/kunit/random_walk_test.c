// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test: a random walk over all that can happen
 *
 * Devices of two units are attached to domains of every kind, domains are
 * mapped, unmapped and switched, devices go and come back, ids and memory run
 * out and units lose capabilities; and while one of it happens, something else may
 * happen at any event. The walk depends on nothing but the seed. One that fails
 * is made shorter as long as it still fails, and printed.
 *
 * random_walk_test.steps= and random_walk_test.seed= on the kernel's command line
 * set the length of all walks together and where they begin.
 */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "attach_change.h"
#include "attach_world.h"
#include "failing_alloc.h"

static unsigned int steps = 10000;
module_param(steps, uint, 0444);
static unsigned int seed = 1;
module_param(seed, uint, 0444);

/* How often a walk that failed is tried again to make it shorter */
#define WALK_MAX_TRIES	60
/* Events in the middle of an attachment, and some more */
#define WALK_MAX_EVENT	24
/* Allocations of an attachment, and some more */
#define WALK_MAX_ALLOC	6

static const struct world_config walk_params[] = {
	{ .scalable = true, .quantum_words = 2, .ats = true, .far = true },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .far = true, .caching_mode = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .far = true, .tell_twice = true, .throttled = true },
	{ .scalable = true, .quantum_words = 2, .far = true, .incoherent = true,
	  .small_ranges = true, .alias = WORLD_ALIAS },
	{ .scalable = true, .quantum_words = 2, .pasid = 5, .ats = true,
	  .same_device = true, .rwbf = true, .far = true },
	{ .quantum_words = 2, .ats = true, .far = true, .caching_mode = true },
	{ .quantum_words = 1, .ats = true, .far = true, .incoherent = true,
	  .alias = WORLD_ALIAS },
	{ .quantum_words = 2, .no_queue = true, .far = true, .rwbf = true,
	  .no_psi = true },
};

KUNIT_ARRAY_PARAM(walk, walk_params, change_describe_config);

/* What keeps an attachment from succeeding */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_NO_DID,
	OBSTACLE_INCAPABLE,
	OBSTACLE_NO_MEMORY,
};

/**
 * struct walk_step - one step
 * @action: what is done
 * @obstacle: why that may fail
 * @meanwhile: what else is done
 * @event: at this event, or number of the allocation that fails
 */
struct walk_step {
	struct world_action action;
	enum obstacle obstacle;
	struct world_action meanwhile;
	unsigned int event;
};

/*
 * Choosing
 */

static struct world_action any_action(struct rnd_state *rnd)
{
	static const enum world_act acts[] = {
		WORLD_ACT_ATTACH, WORLD_ACT_ATTACH, WORLD_ACT_ATTACH,
		WORLD_ACT_UNMAP, WORLD_ACT_UNMAP, WORLD_ACT_UNMAP_LAZY,
		WORLD_ACT_MAP, WORLD_ACT_MAP, WORLD_ACT_TRACK,
		WORLD_ACT_UNTRACK, WORLD_ACT_SNOOP, WORLD_ACT_MM_EXIT,
		WORLD_ACT_REPROBE,
	};
	static const unsigned int regions[] = {
		BIT(WORLD_REGION_VICTIM), BIT(WORLD_REGION_RUN),
		BIT(WORLD_REGION_BIG), BIT(WORLD_REGION_TABLE),
		BIT(WORLD_REGION_BIG) | BIT(WORLD_REGION_TABLE), WORLD_REGIONS,
	};

	return (struct world_action){
		.act = acts[prandom_u32_state(rnd) % ARRAY_SIZE(acts)],
		.kind = prandom_u32_state(rnd) % WORLD_NUM_KINDS,
		.regions = regions[prandom_u32_state(rnd) % ARRAY_SIZE(regions)],
		.who = prandom_u32_state(rnd) % WORLD_NUM_DEVICES,
	};
}

static struct walk_step any_step(struct rnd_state *rnd)
{
	struct walk_step step = { .action = any_action(rnd) };

	/* What attaches can be met by most. */
	if (prandom_u32_state(rnd) & 1)
		step.action.act = WORLD_ACT_ATTACH;
	if (step.action.act == WORLD_ACT_ATTACH)
		switch (prandom_u32_state(rnd) % 16) {
		case 0:
			step.obstacle = OBSTACLE_NO_DID;
			break;
		case 1:
			step.obstacle = OBSTACLE_INCAPABLE;
			break;
		case 2:
			step.obstacle = OBSTACLE_NO_MEMORY;
			step.event = 1 + prandom_u32_state(rnd) % WALK_MAX_ALLOC;
			break;
		}
	if (step.action.act == WORLD_ACT_ATTACH && !step.obstacle &&
	    prandom_u32_state(rnd) & 1) {
		step.meanwhile = any_action(rnd);
		step.event = prandom_u32_state(rnd) % WALK_MAX_EVENT;
	}
	return step;
}

/*
 * Walking
 */

static void begin_obstacle(struct attach_world *world,
			   const struct walk_step *step)
{
	if (step->obstacle == OBSTACLE_NO_DID)
		world_use_up_dids(world);
	else if (step->obstacle == OBSTACLE_INCAPABLE)
		world_set_capable(world, false);
	else if (step->obstacle == OBSTACLE_NO_MEMORY)
		world->failing = step->event;
}

static void end_obstacle(struct attach_world *world, enum obstacle obstacle)
{
	if (obstacle == OBSTACLE_NO_DID)
		world_release_dids(world);
	else if (obstacle == OBSTACLE_INCAPABLE)
		world_set_capable(world, true);
}

static bool is_attached(struct attach_world *world, enum world_kind kind)
{
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which) &&
		    world->requester[which].kind == kind)
			return true;
	return false;
}

/* Somebody else must not do to a device what is being done to it already. */
static bool is_apart(struct attach_world *world, const struct world_action *one,
		     const struct world_action *other)
{
	const struct world_requester *a = &world->requester[one->who];
	const struct world_requester *b = &world->requester[other->who];

	if (other->act != WORLD_ACT_ATTACH && other->act != WORLD_ACT_REPROBE)
		return true;
	return a->pci != b->pci;
}

static const char *attach(struct attach_world *world,
			  const struct walk_step *step)
{
	const struct world_action *action = &step->action;
	struct world_result result;

	result = world_attach(world, action->who, action->kind);
	if (result.ret && !step->obstacle)
		return "an attachment fails";
	if (action->kind == WORLD_BLOCKED && result.ret)
		return "blocking fails";
	if (!result.ret && action->kind != WORLD_BLOCKED && !result.served &&
	    !world->mm_exited)
		return "a device is not served";
	return NULL;
}

static const char *run_attach(struct attach_world *world,
			      const struct walk_step *step)
{
	const struct world_action *action = &step->action;
	const char *flaw;
	bool other = step->meanwhile.act &&
		     is_apart(world, action, &step->meanwhile);

	if (!world_has_device(world, action->who) ||
	    !world_can_attach(world, action->who, action->kind))
		return NULL;

	begin_obstacle(world, step);
	if (other)
		world_act_at(world, &step->meanwhile, step->event);
	flaw = attach(world, step);
	if (other)
		world_act_done(world);
	end_obstacle(world, step->obstacle);
	return flaw;
}

static const char *run_step(struct attach_world *world,
			    const struct walk_step *step)
{
	const char *flaw = NULL, *device;

	if (step->action.act == WORLD_ACT_ATTACH)
		flaw = run_attach(world, step);
	else
		world_act(world, &step->action);
	unit_observe_all(&world->machine);

	if (world->machine.failure[0])
		return world->machine.failure;
	if (flaw)
		return flaw;
	if (!is_attached(world, WORLD_SVA))
		world_mm_revive(world);
	device = world_control_flaw(world);
	return device ? "control bits are missing" : NULL;
}

static const char *end_walk(struct attach_world *world)
{
	struct iommu_domain *domain;
	enum world_kind kind;
	const char *flaw;

	world_block_all(world);
	world_remap(world);
	unit_check_tags(&world->machine);
	if (world->machine.failure[0])
		return world->machine.failure;
	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		domain = world_made_domain(world, kind);
		flaw = domain ? driver_idle_flaw(domain) : NULL;
		if (flaw)
			return flaw;
	}
	return NULL;
}

/* All that a walk has come to */
struct walk {
	struct walk_step *step;
	unsigned int num;
	unsigned int failed_at;
	char flaw[256];
};

/* Walk from the beginning; returns whether it fails. */
static bool run_walk(struct kunit *test, struct walk *walk)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	const char *flaw = NULL;
	unsigned int i;

	for (i = 0; i < walk->num && !flaw; i++) {
		flaw = run_step(world, &walk->step[i]);
		cond_resched();
	}
	if (!flaw)
		flaw = end_walk(world);
	walk->failed_at = i;
	strscpy(walk->flaw, flaw ?: "");
	unit_reset(&world->machine);
	attach_world_end(world);
	return flaw;
}

/*
 * Making it shorter
 */

static void leave_out(struct walk *to, const struct walk *from,
		      unsigned int first, unsigned int num)
{
	memcpy(to->step, from->step, first * sizeof(*to->step));
	memcpy(to->step + first, from->step + first + num,
	       (from->num - first - num) * sizeof(*to->step));
	to->num = from->num - num;
}

/* Leave out ever smaller parts as long as the rest still fails. */
static void shorten(struct kunit *test, struct walk *walk)
{
	struct walk shorter = {};
	unsigned int part, first, tries = 0;

	walk->num = walk->failed_at;
	shorter.step = kvmalloc_objs(*shorter.step, walk->num);
	if (!shorter.step)
		return;

	for (part = walk->num; part; part /= 2) {
		/* What it ends with is what is most likely to matter. */
		for (first = 0; first + part < walk->num;) {
			if (tries++ == WALK_MAX_TRIES)
				goto out;
			leave_out(&shorter, walk, first, part);
			if (run_walk(test, &shorter)) {
				shorter.num = shorter.failed_at;
				swap(*walk, shorter);
			} else {
				first += part;
			}
		}
	}
out:
	kvfree(shorter.step);
}

static const char *act_name(enum world_act act)
{
	static const char * const names[WORLD_NUM_ACTS] = {
		[WORLD_ACT_NONE] = "nothing",
		[WORLD_ACT_UNMAP] = "unmap",
		[WORLD_ACT_UNMAP_LAZY] = "unmap lazily",
		[WORLD_ACT_MAP] = "map",
		[WORLD_ACT_TRACK] = "track",
		[WORLD_ACT_UNTRACK] = "untrack",
		[WORLD_ACT_SNOOP] = "snoop",
		[WORLD_ACT_ATTACH] = "attach",
		[WORLD_ACT_MM_EXIT] = "mm exit",
		[WORLD_ACT_REPROBE] = "reprobe",
	};

	return names[act];
}

static void print_action(char *text, size_t size,
			 const struct world_action *action)
{
	int len = scnprintf(text, size, "%s", act_name(action->act));

	switch (action->act) {
	case WORLD_ACT_UNMAP:
	case WORLD_ACT_UNMAP_LAZY:
	case WORLD_ACT_MAP:
		scnprintf(text + len, size - len, " %s, regions %#x",
			  world_kind_name(action->kind), action->regions);
		break;
	case WORLD_ACT_ATTACH:
		scnprintf(text + len, size - len, " %s to %s",
			  world_device_name(action->who),
			  world_kind_name(action->kind));
		break;
	case WORLD_ACT_REPROBE:
		scnprintf(text + len, size - len, " %s",
			  world_device_name(action->who));
		break;
	default:
		break;
	}
}

static void print_walk(struct kunit *test, const struct walk *walk)
{
	static const char * const obstacles[] = {
		"", " (no DID)", " (incapable)", " (no memory)",
	};
	const struct walk_step *step;
	unsigned int i;
	char text[80];

	for (i = 0; i < walk->num; i++) {
		step = &walk->step[i];
		print_action(text, sizeof(text), &step->action);
		kunit_info(test, "step %u: %s%s", i, text,
			   obstacles[step->obstacle]);
		if (!step->meanwhile.act)
			continue;
		print_action(text, sizeof(text), &step->meanwhile);
		kunit_info(test, "        at event %u: %s", step->event, text);
	}
}

static void random_walk(struct kunit *test)
{
	const struct world_config *config = test->param_value;
	unsigned int index = config - walk_params, i;
	struct walk walk = { .num = steps / ARRAY_SIZE(walk_params) };
	struct rnd_state rnd;

	failing_alloc_allow(test);
	walk.step = kvmalloc_objs(*walk.step, max(walk.num, 1U));
	KUNIT_ASSERT_NOT_NULL(test, walk.step);
	prandom_seed_state(&rnd, (u64)seed << 8 | index);
	for (i = 0; i < walk.num; i++)
		walk.step[i] = any_step(&rnd);

	if (run_walk(test, &walk)) {
		KUNIT_FAIL(test, "seed %u fails at step %u of %u: %s", seed,
			   walk.failed_at, walk.num, walk.flaw);
		shorten(test, &walk);
		kunit_info(test, "shortened to %u steps: %s", walk.num,
			   walk.flaw);
		print_walk(test, &walk);
	}
	kvfree(walk.step);
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE_PARAM_ATTR(random_walk, walk_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite walk_suite = {
	.name = "intel_random_walk",
	.test_cases = walk_cases,
};

kunit_test_suite(walk_suite);
