// SPDX-License-Identifier: GPL-2.0
/*
 * World for tests of the driver: what others do meanwhile
 *
 * An action begins at an event that a unit notices, in the middle of whatever
 * the driver does. What can be done in atomic context and takes no lock that
 * the driver may hold there is done at once. All else is done by another task,
 * the actor, on another CPU, while the test waits until it is done, or has to
 * wait for the driver itself; then both go on.
 */

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "attach_world.h"

/* How long the actor may take to begin, and to get on */
#define ACTOR_BEGINS_MS	1000
#define ACTOR_STEP_US	500
#define ACTOR_ENDS_MS	20000
/* How long somebody reads tables */
#define READ_MS		300
/* How long it may stop for the sake of others */
#define ACTOR_PAUSE_MS	1000

/**
 * struct world_actor - somebody else
 * @world: the world
 * @task: who it is
 * @todo: there is something to do
 * @ended: it is done
 * @action: what
 * @begun: the actor has begun
 * @leaves: it is to end
 */
struct world_actor {
	struct attach_world *world;
	struct task_struct *task;
	struct completion todo;
	struct completion ended;
	struct world_action action;
	bool begun;
	bool leaves;
};

/* Release a device and have the driver find it again. */
static void reprobe(struct attach_world *world, enum world_device who)
{
	struct world_requester *req = &world->requester[who];

	/* Requests with another PASID would end, too. */
	if (req->pci != &world->pci[who] || who == WORLD_DEVICE)
		return;
	world_attach_quietly(world, who, WORLD_BLOCKED);
	world_pci_release(world, req->pci);
	if (world_pci_probe(world, req->pci))
		KUNIT_FAIL(world->test, "cannot probe a device again");
}

/**
 * world_act - do something
 * @world: the world
 * @action: what; nothing is done where it makes no sense
 *
 * Context: May sleep, but for unmapping.
 */
void world_act(struct attach_world *world, const struct world_action *action)
{
	switch (action->act) {
	case WORLD_ACT_UNMAP:
		world_unmap(world, action->kind, action->regions);
		break;
	case WORLD_ACT_UNMAP_LAZY:
		world_unmap_lazily(world, action->kind, action->regions);
		break;
	case WORLD_ACT_MAP:
		world_map(world, action->kind, action->regions, GFP_ATOMIC);
		break;
	case WORLD_ACT_TRACK:
	case WORLD_ACT_UNTRACK:
		if (world_has_control(world, WORLD_PARENT))
			world_switch_control(world, WORLD_PARENT,
					     action->act == WORLD_ACT_TRACK);
		break;
	case WORLD_ACT_SNOOP:
		if (world_has_control(world, WORLD_FS))
			world_force_snooping(world, WORLD_FS);
		break;
	case WORLD_ACT_ATTACH:
		if (world_has_device(world, action->who) &&
		    world_can_attach(world, action->who, action->kind))
			world_attach_quietly(world, action->who, action->kind);
		break;
	case WORLD_ACT_MM_EXIT:
		world_mm_exit(world);
		break;
	case WORLD_ACT_REPROBE:
		if (world_has_device(world, action->who))
			reprobe(world, action->who);
		break;
	default:
		break;
	}
}

/*
 * The actor
 */

static int act(void *data)
{
	struct world_actor *actor = data;

	current->kunit_test = actor->world->test;
	for (;;) {
		wait_for_completion(&actor->todo);
		if (READ_ONCE(actor->leaves))
			break;
		WRITE_ONCE(actor->begun, true);
		world_act(actor->world, &actor->action);
		complete(&actor->ended);
	}
	current->kunit_test = NULL;
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

/**
 * world_adversary_make - let there be somebody else
 * @world: the world
 *
 * Without a second CPU there is nobody.
 *
 * Context: May sleep.
 */
void world_adversary_make(struct attach_world *world)
{
	struct world_actor *actor;
	unsigned int here, there;

	here = cpumask_first(cpu_online_mask);
	there = cpumask_next(here, cpu_online_mask);
	if (there >= nr_cpu_ids)
		return;

	actor = kzalloc_obj(*actor);
	KUNIT_ASSERT_NOT_NULL(world->test, actor);
	actor->world = world;
	init_completion(&actor->todo);
	init_completion(&actor->ended);
	actor->task = kthread_create(act, actor, "intel-iommu-actor");
	if (IS_ERR(actor->task)) {
		kfree(actor);
		return;
	}
	/* The test waits for the actor with interrupts off. */
	set_cpus_allowed_ptr(current, cpumask_of(here));
	kthread_bind(actor->task, there);
	wake_up_process(actor->task);
	world->actor = actor;
}

/**
 * world_adversary_free - there is nobody else any more
 * @world: the world
 *
 * Context: May sleep.
 */
void world_adversary_free(struct attach_world *world)
{
	struct world_actor *actor = world->actor;

	if (!actor)
		return;
	world->actor = NULL;
	WRITE_ONCE(actor->leaves, true);
	complete(&actor->todo);
	kthread_stop(actor->task);
	kfree(actor);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static bool must_wait(struct attach_world *world, struct task_struct *task)
{
	return (READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE) ||
	       driver_is_contended(world);
}

static bool has_paused(const struct world_script *script)
{
	return READ_ONCE(script->paused) && !READ_ONCE(script->resumed);
}

/* In the actor, under whatever locks the driver holds */
static void actor_pause(struct unit_machine *machine)
{
	struct attach_world *world =
		container_of(machine, struct attach_world, machine);
	ktime_t end = ktime_add_ms(ktime_get(), ACTOR_PAUSE_MS);
	struct world_script *script = &world->script;

	if (!script->slow || script->paused)
		return;
	WRITE_ONCE(script->paused, true);
	while (!READ_ONCE(script->over) && !must_wait(world, machine->main) &&
	       ktime_before(ktime_get(), end))
		cpu_relax();
	WRITE_ONCE(script->resumed, true);
}

/* Let the actor get as far as it can. */
static void actor_step(struct world_actor *actor)
{
	ktime_t end = ktime_add_ms(ktime_get(), ACTOR_BEGINS_MS);

	while (!READ_ONCE(actor->begun) && ktime_before(ktime_get(), end))
		cpu_relax();

	end = ktime_add_us(ktime_get(), ACTOR_STEP_US);
	while (!completion_done(&actor->ended) &&
	       !has_paused(&actor->world->script) &&
	       !must_wait(actor->world, actor->task) &&
	       ktime_before(ktime_get(), end))
		cpu_relax();
}

static void actor_begin(struct world_actor *actor,
			const struct world_action *action)
{
	actor->action = *action;
	actor->begun = false;
	reinit_completion(&actor->ended);
	complete(&actor->todo);
}

/*
 * Scripts
 */

static bool at_once(const struct world_script *script)
{
	enum world_act act = script->action.act;

	return !script->slow &&
	       (act == WORLD_ACT_UNMAP || act == WORLD_ACT_MAP ||
		act == WORLD_ACT_UNMAP_LAZY);
}

/* An unmap is begun at once; what it invalidates has to wait for the queue. */
static void unmap_in_two_steps(struct attach_world *world,
			       struct world_script *script,
			       enum unit_moment moment)
{
	struct world_domain *wd = &world->domain[script->action.kind];
	unsigned int regions = script->action.regions;

	if (!script->started) {
		iommu_iotlb_gather_init(&script->gather);
		world_unmap_begin(world, wd, regions, &script->gather);
		script->started = true;
	}
	if (moment != UNIT_BETWEEN)
		return;
	world_unmap_end(world, wd, regions, &script->gather);
	script->done = true;
}

/* Regions that one gather covers */
static bool is_one_range(unsigned int regions)
{
	return hweight32(regions) == 1 ||
	       regions == (BIT(WORLD_REGION_BIG) | BIT(WORLD_REGION_TABLE));
}

static void act_at_once(struct attach_world *world, struct world_script *script,
			enum unit_moment moment)
{
	struct world_action *action = &script->action;
	struct world_domain *wd = &world->domain[action->kind];

	if (!script->started) {
		action->regions &= action->act == WORLD_ACT_MAP ?
				   ~wd->regions : wd->regions;
		if (!wd->mapped || !action->regions) {
			script->started = true;
			script->done = true;
			return;
		}
	}
	if (action->act == WORLD_ACT_UNMAP && is_one_range(action->regions)) {
		unmap_in_two_steps(world, script, moment);
		return;
	}
	if (moment != UNIT_BETWEEN)
		return;
	script->started = true;
	world_act(world, action);
	script->done = true;
}

static void act_elsewhere(struct attach_world *world,
			  struct world_script *script)
{
	struct world_actor *actor = world->actor;

	if (!actor) {
		script->started = true;
		script->done = true;
		return;
	}
	if (!script->started) {
		script->started = true;
		actor_begin(actor, &script->action);
	}
	actor_step(actor);
	script->done = completion_done(&actor->ended);
}

/* The device answers only when the actor is done, or is given up. */
static void act_in_atc(struct attach_world *world, struct world_script *script,
		       enum unit_moment moment)
{
	struct world_actor *actor = world->actor;
	ktime_t end;

	if (!actor || script->started || moment != UNIT_IN_ATC)
		return;
	script->started = true;
	actor_begin(actor, &script->action);
	end = ktime_add_ms(ktime_get(), ACTOR_BEGINS_MS);
	while (!completion_done(&actor->ended) && ktime_before(ktime_get(), end))
		cpu_relax();
	script->done = completion_done(&actor->ended);
}

/* The number of an event is how many have been before. */
static void script_event(struct unit_machine *machine, enum unit_moment moment)
{
	struct attach_world *world =
		container_of(machine, struct attach_world, machine);
	struct world_script *script = &world->script;

	if (script->in_atc) {
		act_in_atc(world, script, moment);
		return;
	}
	if (script->event++ < script->at || script->done)
		return;
	if (at_once(script))
		act_at_once(world, script, moment);
	else if (!script->started || moment == UNIT_BETWEEN)
		act_elsewhere(world, script);
}

/**
 * world_act_at - have something done in the middle of what comes next
 * @world: the world
 * @action: what
 * @event: at the event of this number
 *
 * Context: Any.
 */
void world_act_at(struct attach_world *world, const struct world_action *action,
		  unsigned int event)
{
	world->script = (struct world_script){
		.action = *action,
		.at = event,
	};
	world->machine.on_event = script_event;
}

/**
 * world_act_slowly - have something done in the middle, and the middle of it
 *		      last
 * @world: the world
 * @action: what
 * @event: it begins at the event of this number
 *
 * What is slow may hold locks. It goes on when what comes next needs them.
 *
 * Context: Any.
 */
void world_act_slowly(struct attach_world *world,
		      const struct world_action *action, unsigned int event)
{
	world_act_at(world, action, event);
	world->script.slow = true;
	world->machine.on_pause = actor_pause;
}

/**
 * world_act_in_atc - have something done while a device does not answer
 * @world: the world
 * @action: what
 *
 * When the queue waits for the first time for a device that shall invalidate
 * its ATC in what comes next. @world->script.done says later whether it was
 * done before the device answered.
 *
 * Context: Any.
 */
void world_act_in_atc(struct attach_world *world,
		      const struct world_action *action)
{
	world->script = (struct world_script){
		.action = *action,
		.in_atc = true,
	};
	world->machine.on_event = script_event;
}

/**
 * world_act_done - wait for what is done in the middle
 * @world: the world
 *
 * Context: May sleep.
 * Return: whether it has come to it.
 */
bool world_act_done(struct attach_world *world)
{
	struct world_script *script = &world->script;

	world->machine.on_event = NULL;
	WRITE_ONCE(script->over, true);
	if (at_once(script) && !script->in_atc) {
		if (script->started && !script->done)
			unmap_in_two_steps(world, script, UNIT_BETWEEN);
	} else if (script->started && !script->done &&
	    !wait_for_completion_timeout(&world->actor->ended,
					 msecs_to_jiffies(ACTOR_ENDS_MS))) {
		KUNIT_FAIL_AND_ABORT(world->test, "somebody waits for ever");
	}
	script->action.act = WORLD_ACT_NONE;
	unit_observe_all(&world->machine);
	return script->started;
}

/**
 * world_act_while_read - have something done while somebody reads the tables
 * @world: the world, which has an actor
 * @action: what; it has ended when this returns
 *
 * Who walks tables without changing them (debugfs) holds the unit's lock.
 *
 * Context: May sleep.
 * Return: true if it ended before the reader did.
 */
bool world_act_while_read(struct attach_world *world,
			  const struct world_action *action)
{
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct world_actor *actor = world->actor;
	bool ended = false;
	unsigned int ms;

	actor->action = *action;
	spin_lock(&iommu->lock);
	complete(&actor->todo);
	for (ms = 0; ms < READ_MS && !ended; ms++) {
		mdelay(1);
		ended = completion_done(&actor->ended);
	}
	spin_unlock(&iommu->lock);
	wait_for_completion(&actor->ended);
	return ended;
}
