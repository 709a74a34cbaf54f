// SPDX-License-Identifier: GPL-2.0
/*
 * World for tests of the driver: units
 *
 * A unit has a segment of its own, so that the driver finds it for the devices
 * of that segment and for no other.
 */

#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/dmar.h>
#include <linux/slab.h>

#include "../entry_format.h"
#include "attach_world.h"
#include "../../iommu-pages.h"

/* Capabilities: second stages of 4 and 5 levels, 48 bits, 2 MiB pages, ranges */
#define WORLD_CAP	(BIT_ULL(39) | BIT_ULL(34) | 47ULL << 16 | \
			 BIT_ULL(11) | BIT_ULL(10) | 6)
#define WORLD_CAP_PSI	BIT_ULL(39)
#define WORLD_CAP_MAMV	GENMASK_ULL(53, 48)
#define WORLD_CAP_DRAIN	(BIT_ULL(54) | BIT_ULL(55))
#define WORLD_CAP_FL1GP	BIT_ULL(56)
#define WORLD_CAP_FL5LP	BIT_ULL(60)
#define WORLD_CAP_CM	BIT_ULL(7)
#define WORLD_CAP_RWBF	BIT_ULL(4)
#define WORLD_CAP_SAGAW	GENMASK_ULL(12, 8)
/* Device TLBs, pass-through */
#define WORLD_ECAP	(BIT_ULL(2) | BIT_ULL(6))
#define WORLD_ECAP_C	BIT_ULL(0)
#define WORLD_ECAP_QI	BIT_ULL(1)
#define WORLD_ECAP_SC	BIT_ULL(7)
#define WORLD_ECAP_DIT	BIT_ULL(41)
/* Scalable mode with both stages, nesting and PASIDs */
#define WORLD_ECAP_NEST	BIT_ULL(26)
#define WORLD_ECAP_SM	(BIT_ULL(43) | BIT_ULL(40) | WORLD_ECAP_FLTS | \
			 WORLD_ECAP_SLADS | WORLD_ECAP_SLTS | WORLD_ECAP_NEST)
#define WORLD_ECAP_SLADS BIT_ULL(45)
#define WORLD_ECAP_SLTS	BIT_ULL(46)
#define WORLD_ECAP_FLTS	BIT_ULL(47)
#define WORLD_ECAP_SMPWC BIT_ULL(48)

/* No firmware describes so many. */
#define WORLD_SEGMENT	0x7e00

static void set_capabilities(struct attach_world *world,
			     struct intel_iommu *iommu, unsigned int index)
{
	const struct world_config *config = &world->config;
	unsigned int order = config->small_ranges ? 4 : 18;

	iommu->cap = WORLD_CAP | FIELD_PREP(WORLD_CAP_MAMV, order);
	/* Units need not agree on ranges, nor on what they drain. */
	if (config->no_psi || index == 1)
		iommu->cap &= ~WORLD_CAP_PSI;
	if (index == 1)
		iommu->cap |= WORLD_CAP_DRAIN;
	/* The first stage can be the CPU's. */
	if (cpu_feature_enabled(X86_FEATURE_GBPAGES))
		iommu->cap |= WORLD_CAP_FL1GP;
	if (cpu_feature_enabled(X86_FEATURE_LA57))
		iommu->cap |= WORLD_CAP_FL5LP;
	if (config->caching_mode)
		iommu->cap |= WORLD_CAP_CM;
	if (config->rwbf)
		iommu->cap |= WORLD_CAP_RWBF;

	iommu->ecap = WORLD_ECAP;
	if (!config->no_queue)
		iommu->ecap |= WORLD_ECAP_QI;
	if (!config->no_snoop_control)
		iommu->ecap |= WORLD_ECAP_SC;
	if (config->throttled)
		iommu->ecap |= WORLD_ECAP_DIT;
	if (config->scalable)
		iommu->ecap |= WORLD_ECAP_SM;
	if (!config->incoherent)
		iommu->ecap |= WORLD_ECAP_C | WORLD_ECAP_SMPWC;
}

static void fill_iommu(struct attach_world *world, struct world_unit *unit,
		       unsigned int index)
{
	struct intel_iommu *iommu = &unit->iommu;

	set_capabilities(world, iommu, index);
	iommu->reg = (void __iomem *)unit->regs;
	iommu->gcmd = DMA_GCMD_TE;
	iommu->agaw = 2;
	iommu->msagaw = 3;
	iommu->max_domain_id = WORLD_NUM_DIDS;
	iommu->qi = world->config.no_queue ? NULL : &unit->qi;
	iommu->node = NUMA_NO_NODE;
	iommu->quantum_words = world->config.quantum_words;
	iommu->seq_id = index;
	iommu->segment = WORLD_SEGMENT + index;
	iommu->drhd = &unit->drhd;
	iommu->iommu.ops = &intel_iommu_ops;
	iommu->flush.flush_context = unit_registers_context;
	iommu->flush.flush_iotlb = unit_registers_iotlb;
	intel_svm_check(iommu);
	snprintf(iommu->name, sizeof(iommu->name), "model%u", index);
	driver_init_unit(iommu);
}

/* From now on the driver finds it for devices of its segment. */
static void announce(struct world_unit *unit)
{
	unit->drhd.iommu = &unit->iommu;
	unit->drhd.segment = unit->iommu.segment;
	unit->drhd.include_all = 1;
	down_write(&dmar_global_lock);
	list_add_rcu(&unit->drhd.list, &dmar_drhd_units);
	up_write(&dmar_global_lock);
}

static void withdraw(struct world_unit *unit)
{
	if (!unit->drhd.iommu)
		return;
	down_write(&dmar_global_lock);
	list_del_rcu(&unit->drhd.list);
	up_write(&dmar_global_lock);
	synchronize_rcu_expedited();
	unit->drhd.iommu = NULL;
}

static void make_as(struct attach_world *world, struct world_unit *unit,
		    unsigned int index)
{
	struct kunit *test = world->test;
	struct intel_iommu *iommu = &unit->iommu;

	unit->regs = kzalloc(PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, unit->regs);
	unit->model = kvzalloc_obj(*unit->model);
	KUNIT_ASSERT_NOT_NULL(test, unit->model);
	fill_iommu(world, unit, index);
	iommu->root_entry = iommu_alloc_pages_sz(GFP_KERNEL, SZ_4K);
	KUNIT_ASSERT_NOT_NULL(test, iommu->root_entry);

	unit->model->iommu = iommu;
	unit->model->regs = unit->regs;
	unit->model->root = virt_to_phys(iommu->root_entry);
	unit_add(&world->machine, unit->model);
	__iommu_flush_cache(iommu, iommu->root_entry, SZ_4K);
	announce(unit);
}

/**
 * world_unit_make - make a unit
 * @world: the world
 * @index: its number
 *
 * Context: May sleep.
 */
void world_unit_make(struct attach_world *world, unsigned int index)
{
	make_as(world, &world->unit[index], index);
	world->num_units++;
}

/* What DMAR hot-remove does for a unit that nothing is attached to any more */
static void remove(struct world_unit *unit)
{
	int enabled = intel_iommu_enabled;

	/* A machine that runs the test need not have a unit of its own. */
	intel_iommu_enabled = 1;
	dmar_iommu_hotplug(&unit->drhd, false);
	intel_iommu_enabled = enabled;
}

/**
 * world_unit_free - free a unit
 * @world: the world
 * @index: its number
 *
 * Context: May sleep.
 */
void world_unit_free(struct attach_world *world, unsigned int index)
{
	struct world_unit *unit = &world->unit[index];

	if (unit->iommu.root_entry && unit->model && !unit->model->gone)
		remove(unit);
	withdraw(unit);
	driver_destroy_unit(&unit->iommu);
	kvfree(unit->model);
	kfree(unit->regs);
}

/**
 * world_unit_remove - unplug a unit
 * @world: the world
 * @index: the unit's number; its devices have been released
 *
 * Context: May sleep.
 */
void world_unit_remove(struct attach_world *world, unsigned int index)
{
	struct world_unit *unit = &world->unit[index];

	remove(unit);
	KUNIT_EXPECT_FALSE(world->test, unit->iommu.gcmd & DMA_GCMD_TE);
	unit_remove(&world->machine, unit->model);
	withdraw(unit);
}

/**
 * world_unit_replug - plug a unit in where one was removed
 * @world: the world
 * @index: number of the one that was removed
 *
 * It is another one for the driver, with the same number.
 *
 * Context: May sleep.
 * Return: its index in @world->unit.
 */
unsigned int world_unit_replug(struct attach_world *world, unsigned int index)
{
	unsigned int as = world->num_units++, i;

	make_as(world, &world->unit[as], index);
	for (i = 0; i < WORLD_NUM_DEVICES; i++)
		if (world->pci[i].unit == &world->unit[index])
			world->pci[i].unit = &world->unit[as];
	return as;
}

/**
 * world_limit_levels - leave the units no first stages of 5 levels
 * @world: the world
 *
 * Context: Any.
 */
void world_limit_levels(struct attach_world *world)
{
	unsigned int i;

	for (i = 0; i < world->num_units; i++)
		world->unit[i].iommu.cap &= ~WORLD_CAP_FL5LP;
}

/**
 * world_add_ecap - give the units more extended capabilities
 * @world: the world
 * @ecap: which
 *
 * Context: Any.
 */
void world_add_ecap(struct attach_world *world, u64 ecap)
{
	unsigned int i;

	for (i = 0; i < world->num_units; i++) {
		world->unit[i].iommu.ecap |= ecap;
		world->unit[i].model->ecap |= ecap;
	}
}

/**
 * world_set_capable - take the capabilities for paging from the units, or give
 *		       them back
 * @world: the world
 * @capable: which
 *
 * Context: Any.
 */
void world_set_capable(struct attach_world *world, bool capable)
{
	struct intel_iommu *iommu;
	unsigned int i;

	for (i = 0; i < world->num_units; i++) {
		iommu = &world->unit[i].iommu;
		set_capabilities(world, iommu, iommu->seq_id);
		iommu->flags = 0;
		if (capable) {
			intel_svm_check(iommu);
			continue;
		}
		iommu->cap &= ~WORLD_CAP_SAGAW;
		iommu->ecap &= ~(WORLD_ECAP_FLTS | WORLD_ECAP_SLTS |
				 WORLD_ECAP_NEST);
	}
}

/*
 * A crashed kernel
 */

static u64 crashed_table(struct attach_world *world, unsigned int index)
{
	return virt_to_phys(world->crashed[index]);
}

/* Second-stage tables, root first, that map one page */
static void fill_crashed_tables(struct attach_world *world)
{
	unsigned int shift = PAGE_SHIFT + 9 * 3, i;
	u64 addr = world_page[UNIT_PAGE_KEPT];
	u64 out = 0x7f00000000ULL;

	for (i = 0; i < WORLD_NUM_CRASHED; i++) {
		world->crashed[i] = iommu_alloc_pages_sz(GFP_KERNEL, SZ_4K);
		KUNIT_ASSERT_NOT_NULL(world->test, world->crashed[i]);
	}
	for (i = 0; i < 3; i++, shift -= 9)
		world->crashed[i][(addr >> shift) & 511] =
			crashed_table(world, i + 1) | DMA_PTE_READ | DMA_PTE_WRITE;
	world->crashed[3][(addr >> PAGE_SHIFT) & 511] =
		out | DMA_PTE_READ | DMA_PTE_WRITE;

	world->crashed_grant.name = "crashed";
	world->crashed_grant.out[UNIT_PAGE_KEPT] = out;
	world->crashed_grant.settled[UNIT_PAGE_KEPT] = true;
	unit_add_table(&world->machine, crashed_table(world, 0), UNIT_STAGE_SS,
		       4, false);
}

static void crash_context(struct attach_world *world, struct intel_iommu *iommu,
			  u16 sid, const struct context_words *words)
{
	struct context_entry *context;

	context = iommu_context_addr(iommu, PCI_BUS_NUM(sid), sid & 0xff, true);
	KUNIT_ASSERT_NOT_NULL(world->test, context);
	memcpy(&context->lo, words->val, sizeof(words->val));
	__iommu_flush_cache(iommu, context, sizeof(words->val));
	set_context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

/**
 * world_unit_crash - leave %WORLD_DEVICE with the tables of a crashed kernel
 * @world: the world; the driver does not know the device yet
 *
 * What init does in a kdump kernel.
 *
 * Context: May sleep.
 */
void world_unit_crash(struct attach_world *world)
{
	struct world_requester *req = &world->requester[WORLD_DEVICE];
	struct intel_iommu *iommu = &req->pci->unit->iommu;
	struct pasid_second_stage ss = { .aw = 2, .walk_snoop = true };
	int did = driver_take_did(iommu);
	struct context_words context = {};
	bool ats = world->config.ats;

	KUNIT_ASSERT_GE(world->test, did, 0);
	world->used_up |= BIT(did);
	fill_crashed_tables(world);
	ss.ssptptr = crashed_table(world, 0);
	ss.walk_snoop = !world->config.incoherent;

	if (world->config.scalable) {
		pasid_entry_make_second_stage((void *)world->crashed[4], did,
					      &ss);
		world->crashed[5][0] = crashed_table(world, 4) | BIT_ULL(0);
		context_entry_make_scalable(&context, crashed_table(world, 5),
					    512, CONTEXT_SM_PASIDE |
					    (ats ? CONTEXT_SM_DTE : 0));
		__iommu_flush_cache(iommu, world->crashed[4], SZ_4K);
		__iommu_flush_cache(iommu, world->crashed[5], SZ_4K);
	} else {
		context_entry_make_second_stage(&context, did, ss.ssptptr, 2,
						ats);
	}

	iommu->copied_tables = bitmap_zalloc(BIT(16), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(world->test, iommu->copied_tables);
	crash_context(world, iommu, req->seen->sid, &context);
	if (!req->alias)
		return;
	if (!world->config.scalable)
		context_entry_make_alias(&context);
	crash_context(world, iommu, req->alias->sid, &context);
}
