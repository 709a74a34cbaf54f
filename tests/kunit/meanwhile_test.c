// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what others do while a device changes domains
 *
 * At one event after the other somebody else maps, switches dirty tracking or
 * snooping, attaches another device, or has one released and found again.
 */

#include <kunit/test.h>

#include "attach_change.h"
#include "attach_world.h"

static const struct world_config meanwhile_params[] = {
	{ .scalable = true, .quantum_words = 2, .ats = true, .far = true },
	{ .scalable = true, .quantum_words = 1, .pasid = 5, .ats = true,
	  .caching_mode = true },
	{ .quantum_words = 2, .ats = true, .far = true, .caching_mode = true },
};

KUNIT_ARRAY_PARAM(meanwhile, meanwhile_params, change_describe_config);

static const struct change meanwhile_changes[] = {
	{ WORLD_FS, WORLD_FS_OTHER },
	{ WORLD_FS_OTHER, WORLD_FS, CHANGE_SHARED },
	{ WORLD_SS, WORLD_PARENT },
	{ WORLD_PARENT, WORLD_SS, CHANGE_SHARED_NEW },
	{ WORLD_PARENT, WORLD_NESTED },
	{ WORLD_NESTED, WORLD_NESTED_SIBLING, CHANGE_SHARED_OLD },
	{ WORLD_FS, WORLD_PARENT },
	{ WORLD_PARENT, WORLD_FS },
	{ WORLD_FS, WORLD_NESTED },
	{ WORLD_BLOCKED, WORLD_PARENT },
	{ WORLD_PARENT, WORLD_BLOCKED },
	{ WORLD_IDENTITY, WORLD_FS },
	{ WORLD_IDENTITY, WORLD_SS },
};

/* %WORLD_BLOCKED is for the old domain, %WORLD_IDENTITY for the new one. */
static const struct world_action meanwhile_actions[] = {
	{ .act = WORLD_ACT_MAP, .kind = WORLD_BLOCKED,
	  .regions = BIT(WORLD_REGION_BIG) },
	{ .act = WORLD_ACT_MAP, .kind = WORLD_IDENTITY,
	  .regions = BIT(WORLD_REGION_TABLE) },
	{ .act = WORLD_ACT_TRACK },
	{ .act = WORLD_ACT_UNTRACK },
	{ .act = WORLD_ACT_SNOOP },
	{ .act = WORLD_ACT_ATTACH, .kind = WORLD_BLOCKED,
	  .who = WORLD_OLD_SHARER },
	{ .act = WORLD_ACT_ATTACH, .kind = WORLD_IDENTITY,
	  .who = WORLD_OLD_SHARER },
	{ .act = WORLD_ACT_ATTACH, .kind = WORLD_IDENTITY,
	  .who = WORLD_FAR_NEW },
	{ .act = WORLD_ACT_ATTACH, .kind = WORLD_BLOCKED, .who = WORLD_FAR_OLD },
	{ .act = WORLD_ACT_REPROBE, .who = WORLD_NEW_SHARER },
	{ .act = WORLD_ACT_REPROBE, .who = WORLD_FAR_OLD },
};

static struct world_action action_for(const struct world_action *template,
				      struct change change)
{
	struct world_action action = *template;

	if (action.kind == WORLD_IDENTITY)
		action.kind = change.to;
	else
		action.kind = change.from;
	return action;
}

static bool makes_sense(struct attach_world *world, struct change change,
			const struct world_action *action)
{
	switch (action->act) {
	case WORLD_ACT_MAP:
		return world->domain[action->kind].mapped;
	case WORLD_ACT_TRACK:
	case WORLD_ACT_UNTRACK:
		return world_has_control(world, WORLD_PARENT);
	case WORLD_ACT_SNOOP:
		return world_has_control(world, WORLD_FS) && !world->snooping;
	default:
		return world_has_device(world, action->who);
	}
}

/* What has to be undone before it can happen again */
static void prepare(struct attach_world *world, const struct world_action *action)
{
	if (action->act == WORLD_ACT_MAP)
		world_unmap(world, action->kind, action->regions);
	if (world_has_control(world, WORLD_PARENT))
		world_switch_control(world, WORLD_PARENT,
				     action->act == WORLD_ACT_UNTRACK);
}

/* At every second event; the others have their turn with other changes. */
static void run_action(struct attach_world *world, struct change change,
		       const struct world_action *action, unsigned int event)
{
	const char *flaw;
	bool more;

	do {
		change_set_up(world, change);
		prepare(world, action);
		world_act_at(world, action, event);
		event += 2;
		change_attach(world, WORLD_DEVICE, change.to);
		more = world_act_done(world);
		more &= !change_report(world, change, "meanwhile");
		flaw = world_control_flaw(world);
		if (flaw)
			KUNIT_FAIL(world->test, "%s to %s: %s lacks control bits",
				   world_kind_name(change.from),
				   world_kind_name(change.to), flaw);
		world_unmap(world, change.from, WORLD_REGIONS);
		world_unmap(world, change.to, WORLD_REGIONS);
		change_report(world, change, "unmapping after others");
		world_remap(world);
	} while (more);
	change_tear_down(world, change);
}

static void meanwhile(struct kunit *test)
{
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_action action;
	unsigned int i, j;

	if (!world->actor)
		kunit_skip(test, "there is only one CPU");
	for (i = 0; i < ARRAY_SIZE(meanwhile_changes); i++)
		for (j = 0; j < ARRAY_SIZE(meanwhile_actions); j++) {
			struct change change = meanwhile_changes[i];

			if (!world_has(world, change.from) ||
			    !world_has(world, change.to))
				continue;
			action = action_for(&meanwhile_actions[j], change);
			if (makes_sense(world, change, &action))
				run_action(world, change, &action, (i + j) & 1);
		}
	world_block_all(world);
	world_check_idle(world);
}

static const struct world_config begins_params[] = {
	{ .scalable = true, .quantum_words = 2, .incoherent = true },
	{ .scalable = true, .quantum_words = 1, .incoherent = true,
	  .pasid = 5, .ats = true },
};

KUNIT_ARRAY_PARAM(begins, begins_params, change_describe_config);

/* Such units track no dirty pages; a domain that snoops does so for ever. */
static const struct world_action begins_actions[] = {
	{ .act = WORLD_ACT_SNOOP },
	{ .act = WORLD_ACT_ATTACH, .kind = WORLD_IDENTITY,
	  .who = WORLD_OLD_SHARER },
};

/* A PASID table is made when all else is prepared, and nothing has changed. */
static void begin(struct attach_world *world, struct change change,
		  const struct world_action *action)
{
	struct world_pci *pci = &world->pci[WORLD_DEVICE];
	unsigned int event = 0;
	const char *flaw;
	bool more;

	do {
		change_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
		world_pci_release(world, pci);
		KUNIT_ASSERT_EQ(world->test, world_pci_probe(world, pci), 0);
		change_attach(world, WORLD_OLD_SHARER, WORLD_PRIVATE);
		world_act_at(world, action, event++);
		change_attach(world, WORLD_DEVICE, change.to);
		more = world_act_done(world);
		more &= !change_report(world, change, "beginning");
		flaw = world_control_flaw(world);
		if (flaw)
			KUNIT_FAIL(world->test, "%s: %s has wrong control bits",
				   world_kind_name(change.to), flaw);
	} while (more);
}

static void begins(struct kunit *test)
{
	/* Where WORLD_FS is forced to snoop, it is what is attached. */
	static const enum world_kind to[] = {
		WORLD_FS, WORLD_PARENT, WORLD_NESTED,
	};
	struct attach_world *world =
		attach_world_make(test, test->param_value);
	struct world_action action;
	unsigned int i, j;

	if (!world->actor)
		kunit_skip(test, "there is only one CPU");
	for (i = 0; i < ARRAY_SIZE(to); i++)
		for (j = 0; j < ARRAY_SIZE(begins_actions); j++) {
			struct change change = { WORLD_BLOCKED, to[i] };

			action = action_for(&begins_actions[j], change);
			if (makes_sense(world, change, &action))
				begin(world, change, &action);
		}
	world_block_all(world);
	world_check_idle(world);
}

/* What others must be able to do while a device does not answer */
static const struct {
	const char *name;
	struct world_config config;
	struct world_action action;
	enum world_kind from;
	enum world_kind to;
	enum world_kind other;
} patient_params[] = {
	{ "another device attaches",
	  { .scalable = true, .quantum_words = 2, .ats = true },
	  { .act = WORLD_ACT_ATTACH, .kind = WORLD_FS_OTHER,
	    .who = WORLD_OLD_SHARER },
	  WORLD_SS, WORLD_PARENT, WORLD_PRIVATE },
	{ "another device attaches in legacy mode",
	  { .quantum_words = 2, .ats = true },
	  { .act = WORLD_ACT_ATTACH, .kind = WORLD_IDENTITY,
	    .who = WORLD_OLD_SHARER },
	  WORLD_SS, WORLD_PARENT, WORLD_PRIVATE },
	{ "another device is detached",
	  { .scalable = true, .quantum_words = 2, .ats = true },
	  { .act = WORLD_ACT_ATTACH, .kind = WORLD_BLOCKED,
	    .who = WORLD_OLD_SHARER },
	  WORLD_SS, WORLD_PARENT, WORLD_PRIVATE },
	{ "another domain unmaps",
	  { .scalable = true, .quantum_words = 2, .ats = true },
	  { .act = WORLD_ACT_UNMAP, .kind = WORLD_PRIVATE,
	    .regions = BIT(WORLD_REGION_VICTIM) },
	  WORLD_SS, WORLD_PARENT, WORLD_PRIVATE },
	{ "dirty tracking of another domain",
	  { .scalable = true, .quantum_words = 2, .ats = true },
	  { .act = WORLD_ACT_TRACK },
	  WORLD_SS, WORLD_FS, WORLD_PARENT },
	{ "an address space exits",
	  { .scalable = true, .quantum_words = 2, .ats = true, .pasid = 5 },
	  { .act = WORLD_ACT_MM_EXIT },
	  WORLD_SS, WORLD_PARENT, WORLD_SVA },
};

KUNIT_ARRAY_PARAM_DESC(patient, patient_params, name);

static void nobody_waits_for_a_device(struct kunit *test)
{
	const typeof(patient_params[0]) *param = test->param_value;
	struct attach_world *world = attach_world_make(test, &param->config);
	struct change change = { param->from, param->to };

	if (!world->actor || !world_has(world, param->other))
		kunit_skip(test, "there is only one CPU, or no SVA");
	change_attach(world, WORLD_OLD_SHARER, param->other);
	change_attach(world, WORLD_DEVICE, param->from);
	world_act_in_atc(world, &param->action);
	change_attach(world, WORLD_DEVICE, param->to);
	KUNIT_EXPECT_TRUE(test, world->script.started);
	KUNIT_EXPECT_TRUE_MSG(test, world->script.done,
			      "has to wait for a device that does not answer");
	world_act_done(world);
	change_report(world, change, "while a device does not answer");
	world_block_all(world);
}

static const struct world_config reader_params[] = {
	{ .scalable = true, .quantum_words = 2 },
	{ .scalable = true, .quantum_words = 2, .pasid = 5 },
	{ .quantum_words = 2 },
};

KUNIT_ARRAY_PARAM(reader, reader_params, change_describe_config);

/*
 * Who has found a page table by way of the old entry walks it to its end: the
 * old domain must not go before.
 */
static void readers_end_first(struct kunit *test)
{
	static const struct change changes[] = {
		{ WORLD_FS, WORLD_FS_OTHER },
		{ WORLD_SS, WORLD_PARENT },
		{ WORLD_PARENT, WORLD_BLOCKED },
	};
	const struct world_config *config = test->param_value;
	struct attach_world *world = attach_world_make(test, config);
	struct world_action action = {
		.act = WORLD_ACT_ATTACH,
		.who = WORLD_DEVICE,
	};
	unsigned int i;

	if (!world->actor)
		kunit_skip(test, "there is only one CPU");
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		if (!world_has(world, changes[i].from))
			continue;
		change_attach(world, WORLD_DEVICE, changes[i].from);
		action.kind = changes[i].to;
		KUNIT_EXPECT_FALSE_MSG(test, world_act_while_read(world, &action),
				       "from %s: the attachment ended before a reader",
				       world_kind_name(changes[i].from));
		change_report(world, changes[i], "while somebody reads");
	}
	world_block_all(world);
	world_check_idle(world);
}

static struct kunit_case meanwhile_cases[] = {
	KUNIT_CASE_PARAM_ATTR(meanwhile, meanwhile_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_PARAM(begins, begins_gen_params),
	KUNIT_CASE_PARAM(nobody_waits_for_a_device, patient_gen_params),
	KUNIT_CASE_PARAM(readers_end_first, reader_gen_params),
	{}
};

static struct kunit_suite meanwhile_suite = {
	.name = "intel_meanwhile",
	.test_cases = meanwhile_cases,
};

kunit_test_suite(meanwhile_suite);
