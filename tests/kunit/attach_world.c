// SPDX-License-Identifier: GPL-2.0
/*
 * Two units, devices behind them and domains for them, for tests of the driver
 *
 * Everything that the driver looks at is real, except that the devices are on
 * no bus that anybody knows of.
 */

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "../entry_format.h"
#include "attach_world.h"
#include "failing_alloc.h"
#include "../../entry_sync.h"

/**
 * world_count_pages - count pages of one kind, exactly
 * @item: the kind
 *
 * Context: Any.
 * Return: how many there are in the machine.
 */
long world_count_pages(enum node_stat_item item)
{
	long pages = 0;
	int nid, cpu __maybe_unused;

	for_each_online_node(nid) {
		pages += atomic_long_read(&NODE_DATA(nid)->vm_stat[item]);
#ifdef CONFIG_SMP
		for_each_online_cpu(cpu)
			pages += per_cpu_ptr(NODE_DATA(nid)->per_cpu_nodestats,
					     cpu)->vm_node_stat_diff[item];
#endif
	}
	return pages;
}

/* Scalable mode is for all units; where no other one has it, it can be had. */
static bool force_scalable(struct attach_world *world)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	if (intel_iommu_sm)
		return true;

	guard(rwsem_read)(&dmar_global_lock);
	for_each_active_iommu(iommu, drhd)
		if (iommu && ecap_smts(iommu->ecap))
			return false;
	intel_iommu_sm = 1;
	world->forced_scalable = true;
	return true;
}

static void check_config(struct kunit *test, struct attach_world *world)
{
	if (entry_sync_quantum_words(2) < world->config.quantum_words)
		kunit_skip(test, "the CPU has no 16-byte store");
	if (world->config.scalable && !force_scalable(world))
		kunit_skip(test, "the kernel does not use scalable mode");
	if (world->config.came_in && !IS_ENABLED(CONFIG_PCI_LIVEUPDATE))
		kunit_skip(test, "no device comes in");
}

static void make_devices(struct attach_world *world)
{
	bool far = world->num_units > 1;
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++) {
		struct world_requester *req = &world->requester[which];

		if (which >= WORLD_FAR_OLD && !far)
			break;
		world_pci_make(world, which);
		req->pci = &world->pci[which];
		req->pasid = world->config.pasid;
	}
	if (world->config.same_device) {
		world->requester[WORLD_OLD_SHARER].pci = &world->pci[0];
		world->requester[WORLD_OLD_SHARER].pasid =
			world->config.pasid == IOMMU_NO_PASID ? 5 :
								IOMMU_NO_PASID;
	}
}

static void probe(struct attach_world *world, enum world_device which)
{
	KUNIT_ASSERT_EQ(world->test,
			world_pci_probe(world, &world->pci[which]), 0);
}

static void probe_all(struct attach_world *world)
{
	enum world_device which = world->config.copied ? 1 : 0;

	for (; which < WORLD_NUM_DEVICES; which++)
		if (world->pci[which].unit)
			probe(world, which);
}

static void grant(struct attach_world *world, struct world_requester *req,
		  const struct unit_grant *old, const struct unit_grant *new)
{
	unit_grant(&world->machine, req->seen, old, new);
	if (req->alias)
		unit_grant(&world->machine, req->alias, old, new);
}

static void crash(struct attach_world *world)
{
	grant(world, &world->requester[WORLD_DEVICE], &world->crashed_grant,
	      &world->crashed_grant);
	world_unit_crash(world);
	/* It was so when the unit was turned on. */
	unit_reset(&world->machine);
	if (world->config.came_in)
		world_pci_come_in(&world->pci[WORLD_DEVICE]);
	probe(world, WORLD_DEVICE);
}

static void fill(struct attach_world *world)
{
	unsigned int i;

	world_unit_make(world, 0);
	if (world->config.far)
		world_unit_make(world, 1);
	make_devices(world);
	probe_all(world);
	world_domains_make(world);
	world_pci_requesters(world);
	if (world->config.copied)
		crash(world);
	for (i = 0; i < world->num_units; i++)
		KUNIT_ASSERT_STREQ(world->test, world->machine.failure, "");
	world_adversary_make(world);
}

static void free_devices(struct attach_world *world)
{
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++) {
		world_pci_release(world, &world->pci[which]);
		bitmap_free(world->pci[which].pdev.dma_alias_mask);
	}
}

static void free_requesters(struct attach_world *world)
{
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++) {
		kfree(world->requester[which].seen);
		kfree(world->requester[which].alias);
	}
}

static void free_world(void *data)
{
	struct attach_world *world = data;
	unsigned int i;

	world_adversary_free(world);
	world_block_all(world);
	world_release_dids(world);
	free_devices(world);
	for (i = 0; i < world->num_units; i++)
		world_unit_free(world, i);
	free_requesters(world);
	world->num_units = 0;
	world->machine.num_units = 0;
	world_domains_free(world);
	unit_machine_stop(&world->machine);
	world_check_pages(world);
	if (world->forced_scalable)
		intel_iommu_sm = 0;
	kvfree(world);
}

/**
 * attach_world_end - end a world before its test ends
 * @world: the world
 *
 * Context: May sleep.
 */
void attach_world_end(struct attach_world *world)
{
	kunit_release_action(world->test, free_world, world);
}

/**
 * attach_world_make - make a world that lasts as long as the test
 * @test: the test
 * @config: properties of the units and their devices
 *
 * The test is skipped where kernel or CPU cannot have such a unit.
 *
 * Context: May sleep.
 * Return: the world, with all devices blocked.
 */
struct attach_world *attach_world_make(struct kunit *test,
				       const struct world_config *config)
{
	struct attach_world *world = kvzalloc_obj(*world);

	KUNIT_ASSERT_NOT_NULL(test, world);
	world->test = test;
	world->config = *config;
	world->pages = world_count_pages(NR_IOMMU_PAGES);
	memcpy(world->machine.page, world_page, sizeof(world_page));
	world->machine.quantum_words = config->quantum_words;
	world->machine.did_is_free = driver_did_is_free;
	world->machine.wait_flaw = driver_wait_flaw;
	/* What ends first is what began last. */
	unit_machine_start(test, &world->machine);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, free_world, world), 0);
	check_config(test, world);
	fill(world);
	return world;
}

/**
 * world_check_pages - check that the driver has freed all pages
 * @world: the world, of which nothing is left
 *
 * Context: May sleep.
 */
void world_check_pages(struct attach_world *world)
{
	KUNIT_EXPECT_EQ(world->test, world_count_pages(NR_IOMMU_PAGES),
			world->pages);
}

/**
 * world_has - whether a device can be attached to something
 * @world: the world
 * @kind: to what
 *
 * Context: Any.
 * Return: whether it can.
 */
bool world_has(const struct attach_world *world, enum world_kind kind)
{
	if (kind == WORLD_FS_SNOOP && world->config.no_snoop_control)
		return false;

	return world->domain[kind].domain;
}

/**
 * world_has_device - whether there is a requester
 * @world: the world
 * @which: which
 *
 * Context: Any.
 * Return: whether there is.
 */
bool world_has_device(const struct attach_world *world, enum world_device which)
{
	return world->requester[which].seen;
}

/**
 * world_can_attach - whether a requester can be attached to something
 * @world: the world
 * @which: the requester
 * @kind: to what
 *
 * Context: Any.
 * Return: false for SVA without PASID, or after its address space has ended.
 */
bool world_can_attach(const struct attach_world *world,
		      enum world_device which, enum world_kind kind)
{
	return world_has(world, kind) &&
	       (kind != WORLD_SVA ||
		(world->requester[which].pasid != IOMMU_NO_PASID &&
		 !world->mm_exited));
}

static int attach_by(struct attach_world *world, struct world_requester *req,
		     enum world_kind kind)
{
	struct iommu_domain *old = world->domain[req->kind].domain;
	struct iommu_domain *new = world->domain[kind].domain;
	struct device *dev = &req->pci->pdev.dev;

	if (req->pasid == IOMMU_NO_PASID)
		return new->ops->attach_dev(new, dev, old);

	/* The core knows no PASID that is attached to the blocked domain. */
	return new->ops->set_dev_pasid(new, dev, req->pasid,
				       req->kind == WORLD_BLOCKED ? NULL : old);
}

/**
 * world_is_left_over - whether the driver takes an entry for a crashed kernel's
 * @req: whose entry
 *
 * Context: Any.
 * Return: whether it does.
 */
bool world_is_left_over(const struct world_requester *req)
{
	struct intel_iommu *iommu = &req->pci->unit->iommu;

	return iommu->copied_tables &&
	       context_copied(iommu, req->pci->bus.number,
			      req->pci->pdev.devfn);
}

static const struct unit_grant *grant_now(struct attach_world *world,
					  struct world_requester *req)
{
	if (world_is_left_over(req))
		return &world->crashed_grant;

	return world_grant(world, req->kind);
}

static void granted(struct attach_world *world, struct world_requester *req,
		    const struct unit_grant *now)
{
	struct unit_model *model = req->pci->unit->model;

	unit_granted(&world->machine, model, req->seen, now);
	if (req->alias)
		unit_granted(&world->machine, model, req->alias, now);
}

/**
 * world_attach_quietly - attach a requester, and do not look at how
 * @world: the world
 * @which: the requester
 * @kind: to what
 *
 * Context: May sleep.
 * Return: 0 or a negative error.
 */
int world_attach_quietly(struct attach_world *world, enum world_device which,
			 enum world_kind kind)
{
	struct world_requester *req = &world->requester[which];
	const struct unit_grant *old = grant_now(world, req);
	const struct unit_grant *new = world_grant(world, kind);
	int ret;

	grant(world, req, old, new);
	ret = attach_by(world, req, kind);
	if (!ret)
		req->kind = kind;
	granted(world, req, ret ? old : new);
	return ret;
}

/* Must requests of a device be served all the time? */
static bool is_bystander(struct attach_world *world, enum world_device who)
{
	const struct unit_requester *seen = world->requester[who].seen;
	const struct world_script *script = &world->script;

	/* Somebody else may have just attached it to something. */
	if (script->started && script->action.who == who &&
	    (script->action.act == WORLD_ACT_ATTACH ||
	     script->action.act == WORLD_ACT_REPROBE))
		return false;

	return seen && seen->grant[0] &&
	       seen->grant[0]->settled[UNIT_PAGE_KEPT];
}

/* Nobody else has noticed anything. */
static void check_others(struct attach_world *world, enum world_device which)
{
	struct unit_requester *seen;
	unsigned int i;

	for (i = 0; i < WORLD_NUM_DEVICES; i++) {
		seen = world->requester[i].seen;
		if (i == which || !is_bystander(world, i) || !seen->fault)
			continue;
		unit_fail(world->requester[i].pci->unit->model,
			  "%s: may fault while another device changes domains (%s)",
			  seen->function->name, seen->why);
	}
}

static bool is_served(struct attach_world *world, struct world_requester *req,
		      struct unit_requester *seen)
{
	const struct unit_grant *now = seen->grant[0];

	guard(spinlock_irqsave)(&world->machine.lock);
	/* Somebody else may just have invalidated what it needs. */
	unit_observe(req->pci->unit->model);
	return now && unit_translates(req->pci->unit->model, seen,
				      UNIT_PAGE_KEPT, now->out[UNIT_PAGE_KEPT]);
}

/**
 * world_attach - attach a requester
 * @world: the world
 * @which: the requester
 * @kind: to what
 *
 * Context: May sleep.
 * Return: how it went.
 */
struct world_result world_attach(struct attach_world *world,
				 enum world_device which,
				 enum world_kind kind)
{
	struct world_requester *req = &world->requester[which];
	const struct unit_grant *old = grant_now(world, req);
	const struct unit_grant *new = world_grant(world, kind);
	struct world_result result;

	unit_clear_counts(&world->machine);
	grant(world, req, old, new);
	failing_alloc_set(world->failing);
	result.ret = attach_by(world, req, kind);
	result.no_memory = !failing_alloc_set(0) && world->failing;
	world->failing = 0;
	result.fault = req->seen->fault || (req->alias && req->alias->fault);
	result.counts = req->pci->unit->model->counts;
	if (result.ret)
		new = old;
	else
		req->kind = kind;

	check_others(world, which);
	granted(world, req, new);
	result.served = is_served(world, req, req->seen) &&
			(!req->alias || is_served(world, req, req->alias));
	return result;
}

/**
 * world_block_all - attach nothing to anything
 * @world: the world
 *
 * Context: May sleep.
 */
void world_block_all(struct attach_world *world)
{
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which) &&
		    world->requester[which].pci->probed)
			world_attach_quietly(world, which, WORLD_BLOCKED);
}

/**
 * world_entry - the entry of a requester in memory
 * @world: the world
 * @which: the requester
 *
 * Context: Any.
 * Return: its words.
 */
u64 *world_entry(const struct attach_world *world, enum world_device which)
{
	const struct world_requester *req = &world->requester[which];

	return unit_live_entry(req->pci->unit->model, req->seen);
}

/**
 * world_control - the control bit in the entry of a requester
 * @world: the world
 * @which: the requester
 *
 * Context: Any.
 * Return: whether it is set.
 */
bool world_control(const struct attach_world *world, enum world_device which)
{
	const u64 *entry = world_entry(world, which);

	return world->requester[which].kind == WORLD_FS ?
		entry[1] & PASID_PE_PGSNP : entry[0] & PASID_PE_SSADE;
}

/**
 * world_snoops - whether the entry of a requester forces snooping
 * @world: the world
 * @which: the requester
 *
 * Context: Any.
 * Return: whether it does.
 */
bool world_snoops(const struct attach_world *world, enum world_device which)
{
	return world_entry(world, which)[1] & PASID_PE_PGSNP;
}

static bool control_is_right(const struct attach_world *world,
			     enum world_device which)
{
	switch (world->requester[which].kind) {
	case WORLD_FS:
		return world_control(world, which) == world->snooping;
	case WORLD_PARENT:
	case WORLD_NESTED:
	case WORLD_NESTED_SIBLING:
		return !world->config.scalable ||
		       world_control(world, which) == world->tracking;
	case WORLD_SS:
		return !world->config.scalable || !world_control(world, which);
	case WORLD_FS_OTHER:
	case WORLD_FS_SNOOP:
		return world_snoops(world, which) ==
		       (world->requester[which].kind == WORLD_FS_SNOOP);
	default:
		return true;
	}
}

/**
 * world_control_flaw - whose entry does not have what its domain has switched,
 *			or has what that has not
 * @world: the world, in which nobody attaches or switches
 *
 * Context: Any.
 * Return: the name of a device, or NULL.
 */
const char *world_control_flaw(const struct attach_world *world)
{
	enum world_device which;

	for (which = 0; which < WORLD_NUM_DEVICES; which++)
		if (world_has_device(world, which) &&
		    !control_is_right(world, which))
			return world->pci[which].function.name;
	return NULL;
}

/**
 * world_use_up_dids - leave no DID of the first unit to the driver
 * @world: the world
 *
 * Context: May sleep.
 */
void world_use_up_dids(struct attach_world *world)
{
	int did;

	for (;;) {
		did = driver_take_did(&world->unit[0].iommu);
		if (did < 0)
			break;
		world->used_up |= BIT(did);
	}
}

/**
 * world_release_dids - undo world_use_up_dids()
 * @world: the world
 *
 * Context: Any.
 */
void world_release_dids(struct attach_world *world)
{
	unsigned int did;

	for_each_set_bit(did, &world->used_up, WORLD_NUM_DIDS)
		driver_return_did(&world->unit[0].iommu, did);
	world->used_up = 0;
}

/**
 * world_check_idle - check that no DID, cache tag or attachment is left over
 * @world: the world, all devices blocked
 *
 * Context: Any.
 */
void world_check_idle(struct attach_world *world)
{
	struct iommu_domain *domain;
	enum world_kind kind;
	const char *flaw;
	unsigned int i;

	for (i = 0; i < world->num_units; i++)
		KUNIT_EXPECT_TRUE(world->test,
				  driver_dids_are_free(&world->unit[i].iommu));
	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		domain = world_made_domain(world, kind);
		flaw = domain ? driver_idle_flaw(domain) : NULL;
		if (flaw)
			KUNIT_FAIL(world->test, "%s keeps %s",
				   world->domain[kind].grant.name, flaw);
	}
}
