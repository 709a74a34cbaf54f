// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what came in by a live update: entries of the kernel before, domain
 * ids in them, and the devices that they are of
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/bitmap.h>
#include <linux/kho/abi/intel_iommu.h>

#include "attach_world.h"
#include "../context.h"
#include "../did.h"
#include "../entry_format.h"
#include "../liveupdate_boot.h"
#include "../liveupdate_in.h"

/* An entry of the kernel before, on a unit whose devices have no ATC */
static const struct world_config copied_params[] = {
	{ .quantum_words = 1 },
	{ .quantum_words = 1, .caching_mode = true },
};

static void copied_desc(const struct world_config *config, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "caching-mode=%d",
		 config->caching_mode);
}

KUNIT_ARRAY_PARAM(copied, copied_params, copied_desc);

/* What the entry becomes with the first store of a change */
static struct {
	struct context_words *live;
	struct context_words old;
	struct context_words first;
} copied;

static void note_first_store(struct unit_machine *machine,
			     enum unit_moment moment)
{
	if (!memcmp(&copied.first, &copied.old, sizeof(copied.old)))
		copied.first = *copied.live;
}

/* The driver frees with the unit what says that an entry is copied. */
static void copied_start(struct kunit *test, struct intel_iommu *iommu, u16 sid)
{
	iommu->copied_tables = bitmap_zalloc(BIT(16), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iommu->copied_tables);

	copied.live = context_entry_lookup(iommu, sid);
	KUNIT_ASSERT_NOT_NULL(test, copied.live);
	copied.old = *copied.live;
	copied.first = *copied.live;
}

/* The device translates by what the kernel before has left. */
static void copied_restore(struct attach_world *world)
{
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;
	struct device_domain_info *info = world_info(&world->pci[0]);
	struct unit_grant *grant = &world->domain[WORLD_SS].grant;
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct unit_model *unit = world->unit[0].model;
	u16 sid = PCI_DEVID(info->bus, info->devfn);
	struct kunit *test = world->test;

	world_attach(world, WORLD_DEVICE, WORLD_SS);
	copied_start(test, iommu, sid);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	/* Whoever restores an entry has reserved its DID. */
	world_use_up_dids(world);

	unit_grant(&world->machine, seen, NULL, grant);
	context_entry_restore(iommu, sid, &copied.old);
	unit_granted(&world->machine, unit, seen, grant);
	KUNIT_EXPECT_MEMEQ(test, copied.live, &copied.old,
			   sizeof(copied.old));
	KUNIT_EXPECT_TRUE(test, context_copied(iommu, info->bus, info->devfn));
	KUNIT_EXPECT_TRUE(test, unit_translates(unit, seen, UNIT_PAGE_KEPT,
						grant->out[UNIT_PAGE_KEPT]));
}

static void test_copied(struct kunit *test)
{
	struct attach_world *world = attach_world_make(test, test->param_value);
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;
	struct device_domain_info *info = world_info(&world->pci[0]);
	struct unit_grant *grant = &world->domain[WORLD_SS].grant;
	struct unit_machine *machine = &world->machine;
	struct unit_model *unit = world->unit[0].model;
	struct intel_iommu *iommu = &world->unit[0].iommu;

	copied_restore(world);

	/* The device is gone. P is cleared alone, and nothing stays cached. */
	unit_clear_counts(machine);
	unit_grant(machine, seen, grant, NULL);
	machine->on_event = note_first_store;
	context_entry_block(iommu, PCI_DEVID(info->bus, info->devfn));
	machine->on_event = NULL;
	unit_granted(machine, unit, seen, NULL);
	KUNIT_EXPECT_EQ(test, copied.first.val[0],
			copied.old.val[0] & ~CONTEXT_P);
	KUNIT_EXPECT_EQ(test, copied.first.val[1], copied.old.val[1]);
	KUNIT_EXPECT_EQ(test, unit->counts.syncs, 2);
	KUNIT_EXPECT_TRUE(test, mem_is_zero(copied.live,
					    sizeof(*copied.live)));
	KUNIT_EXPECT_FALSE(test, context_copied(iommu, info->bus, info->devfn));
	KUNIT_EXPECT_STREQ(test, machine->failure, "");
}

/* The blocked domain blocks, whatever the entry is of. */
static void test_copied_is_blocked(struct kunit *test)
{
	struct attach_world *world = attach_world_make(test, test->param_value);
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;
	struct device_domain_info *info = world_info(&world->pci[0]);
	struct unit_grant *grant = &world->domain[WORLD_SS].grant;
	struct iommu_domain *blocked = intel_iommu_ops.blocked_domain;
	struct unit_model *unit = world->unit[0].model;

	copied_restore(world);

	unit_grant(&world->machine, seen, grant, NULL);
	KUNIT_EXPECT_EQ(test, blocked->ops->attach_dev(blocked, info->dev, NULL),
			0);
	unit_granted(&world->machine, unit, seen, NULL);
	KUNIT_EXPECT_FALSE(test, unit_translates(unit, seen, UNIT_PAGE_KEPT,
						 grant->out[UNIT_PAGE_KEPT]));
	KUNIT_EXPECT_FALSE(test, context_copied(info->iommu, info->bus,
						info->devfn));
	KUNIT_EXPECT_STREQ(test, world->machine.failure, "");
}

/*
 * Devices that were taken over
 */

/* A requester ID that the device had in the kernel before, and has no more */
#define LOST_SID	PCI_DEVID(1, PCI_DEVFN(31, 7))

static bool is_there(const struct vtd_device_ser *record)
{
	return true;
}

static bool is_gone(const struct vtd_device_ser *record)
{
	return false;
}

static void forget(void *unused)
{
	liveupdate_in_forget_devices();
}

static void let_arrive(struct kunit *test)
{
	kunit_activate_static_stub(test, liveupdate_in_is_there, is_there);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget, NULL), 0);
}

/* A record has a page of its own. */
static struct vtd_device_ser *make_record(struct attach_world *world,
					  enum world_device which, u16 did)
{
	struct device_domain_info *info = world_info(&world->pci[which]);
	struct vtd_device_ser *record;

	record = kunit_kzalloc(world->test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(world->test, record);
	record->segment = info->segment;
	record->nr_sids = 1;
	record->sid[0] = PCI_DEVID(info->bus, info->devfn);
	record->did = did;
	return record;
}

static void settle(const struct vtd_device_ser *record,
		   struct device_domain_info *info)
{
	liveupdate_in_settle(info, record->segment, record->sid[0]);
}

/* An id is in use as long as any device of its unit has it, and no longer. */
static void dids_are_kept(struct kunit *test)
{
	static const struct world_config config = {
		.quantum_words = 1, .far = true,
	};
	struct attach_world *world = attach_world_make(test, &config);
	struct intel_iommu *near = &world->unit[0].iommu;
	struct intel_iommu *far = &world->unit[1].iommu;
	struct vtd_device_ser *one, *two, *other;
	u16 did;

	let_arrive(test);
	did = near->max_domain_id - 1;
	one = make_record(world, WORLD_DEVICE, did);
	two = make_record(world, WORLD_OLD_SHARER, did);
	other = make_record(world, WORLD_FAR_OLD, did);
	KUNIT_ASSERT_EQ(test, liveupdate_in_accept(one, near), 0);
	KUNIT_ASSERT_EQ(test, liveupdate_in_accept(two, near), 0);
	KUNIT_ASSERT_EQ(test, liveupdate_in_accept(other, far), 0);
	KUNIT_EXPECT_TRUE(test, did_is_used(near, did));
	KUNIT_EXPECT_TRUE(test, did_is_used(far, did));

	settle(one, NULL);
	settle(one, NULL);
	KUNIT_EXPECT_TRUE(test, did_is_used(near, did));
	settle(two, NULL);
	KUNIT_EXPECT_FALSE(test, did_is_used(near, did));
	KUNIT_EXPECT_TRUE(test, did_is_used(far, did));
	settle(other, NULL);
	KUNIT_EXPECT_FALSE(test, did_is_used(far, did));
}

/* What PCI does not know for the same device is not taken over. */
static void gone_is_not_accepted(struct kunit *test)
{
	static const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct vtd_device_ser *record;

	kunit_activate_static_stub(test, liveupdate_in_is_there, is_gone);
	record = make_record(world, WORLD_DEVICE, 9);
	KUNIT_EXPECT_EQ(test, liveupdate_in_accept(record, iommu), -ENODEV);
	KUNIT_EXPECT_FALSE(test, did_is_used(iommu, 9));

	kunit_activate_static_stub(test, liveupdate_in_is_there, is_there);
	record->did = iommu->max_domain_id;
	KUNIT_EXPECT_EQ(test, liveupdate_in_accept(record, iommu), -ERANGE);
}

/* A device that translates by an entry of the kernel before, by two IDs */
struct arrival {
	struct attach_world *world;
	struct device_domain_info *info;
	struct intel_iommu *iommu;
	struct vtd_device_ser *record;
};

static struct arrival *arrive_in(struct kunit *test,
				 const struct world_config *config)
{
	struct arrival *in = kunit_kzalloc(test, sizeof(*in), GFP_KERNEL);
	struct attach_world *world = attach_world_make(test, config);

	KUNIT_ASSERT_NOT_NULL(test, in);
	in->world = world;
	in->info = world_info(&world->pci[WORLD_DEVICE]);
	in->iommu = &world->unit[0].iommu;
	copied_restore(world);
	world_release_dids(world);
	in->record = make_record(world, WORLD_DEVICE,
				 FIELD_GET(CONTEXT_DID, copied.old.val[1]));
	in->record->nr_sids = 2;
	in->record->sid[1] = LOST_SID;
	KUNIT_ASSERT_EQ(test, context_entry_alloc(in->iommu, LOST_SID), 0);
	context_entry_restore(in->iommu, LOST_SID, &copied.old);

	let_arrive(test);
	KUNIT_ASSERT_EQ(test, liveupdate_in_accept(in->record, in->iommu), 0);
	KUNIT_ASSERT_TRUE(test, liveupdate_in_is_restored(in->info));
	/* From here on it may be blocked at any time. */
	unit_grant(&world->machine, world->requester[WORLD_DEVICE].seen,
		   &world->domain[WORLD_SS].grant, NULL);
	/* Until here its domain id was nobody's. */
	world->machine.failure[0] = '\0';
	return in;
}

static struct arrival *arrive(struct kunit *test)
{
	static const struct world_config config = { .quantum_words = 1 };

	return arrive_in(test, &config);
}

static bool is_live(const struct arrival *in, unsigned int i)
{
	u16 sid = in->record->sid[i];

	return context_entry_lookup(in->iommu, sid)->val[0] & BIT(0) ||
	       context_copied(in->iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

static void expect_blocked(struct kunit *test, const struct arrival *in)
{
	KUNIT_EXPECT_FALSE(test, liveupdate_in_is_restored(in->info));
	KUNIT_EXPECT_FALSE(test, is_live(in, 0));
	KUNIT_EXPECT_FALSE(test, is_live(in, 1));
}

/* All IDs are blocked in the end, also if the device has others by now. */
static void all_sids_are_blocked(struct kunit *test)
{
	struct arrival *in = arrive(test);

	settle(in->record, in->info);
	expect_blocked(test, in);
}

/* Nor is there anything of the old tables in the ATC. */
static void atc_is_invalidated(struct kunit *test)
{
	static const struct world_config config = {
		.quantum_words = 1, .ats = true,
	};
	struct arrival *in = arrive_in(test, &config);
	struct unit_requester *seen = in->world->requester[WORLD_DEVICE].seen;
	struct unit_grant *grant = &in->world->domain[WORLD_SS].grant;
	struct unit_model *unit = in->world->unit[0].model;

	world_pci_come_in(&in->world->pci[WORLD_DEVICE]);
	in->info->ats_enabled = 1;
	KUNIT_EXPECT_TRUE(test, unit_translates(unit, seen, UNIT_PAGE_KEPT,
						grant->out[UNIT_PAGE_KEPT]));
	settle(in->record, in->info);
	unit_granted(&in->world->machine, unit, seen, NULL);
	KUNIT_EXPECT_STREQ(test, in->world->machine.failure, "");
}

static void gone_is_blocked(struct kunit *test)
{
	struct arrival *in = arrive(test);

	settle(in->record, NULL);
	expect_blocked(test, in);
}

/* One that was attached goes on, and none of its old IDs does. */
static void attached_goes_on(struct kunit *test)
{
	struct arrival *in = arrive(test);
	struct world_result result;

	result = world_attach(in->world, WORLD_DEVICE, WORLD_SS);
	KUNIT_ASSERT_EQ(test, result.ret, 0);
	KUNIT_EXPECT_TRUE(test, is_live(in, 1));
	settle(in->record, in->info);
	KUNIT_EXPECT_TRUE(test, is_live(in, 0));
	KUNIT_EXPECT_FALSE(test, is_live(in, 1));
	KUNIT_EXPECT_FALSE(test, liveupdate_in_is_restored(in->info));
}

static void set_incoming(struct pci_dev *pdev, bool incoming)
{
#ifdef CONFIG_PCI_LIVEUPDATE
	pdev->liveupdate_incoming = incoming;
#endif
}

/* A device is found anew: the same, and another one in its place. */
static void another_inherits_nothing(struct kunit *test)
{
	struct arrival *in = arrive(test);
	struct pci_dev *pdev = &in->world->pci[WORLD_DEVICE].pdev;

	set_incoming(pdev, true);
	intel_liveupdate_probe(in->info);
	KUNIT_EXPECT_EQ(test, IS_ENABLED(CONFIG_PCI_LIVEUPDATE),
			liveupdate_in_is_restored(in->info));

	set_incoming(pdev, false);
	intel_liveupdate_probe(in->info);
	expect_blocked(test, in);

	/* Its domain id is not free before that. */
	KUNIT_EXPECT_TRUE(test, did_is_used(in->iommu, in->record->did));
	settle(in->record, NULL);
}

static struct kunit_case liveupdate_in_cases[] = {
	KUNIT_CASE_PARAM(test_copied, copied_gen_params),
	KUNIT_CASE_PARAM(test_copied_is_blocked, copied_gen_params),
	KUNIT_CASE(dids_are_kept),
	KUNIT_CASE(gone_is_not_accepted),
	KUNIT_CASE(all_sids_are_blocked),
	KUNIT_CASE(atc_is_invalidated),
	KUNIT_CASE(gone_is_blocked),
	KUNIT_CASE(attached_goes_on),
	KUNIT_CASE(another_inherits_nothing),
	{}
};

static struct kunit_suite liveupdate_in_suite = {
	.name = "intel_liveupdate_in",
	.test_cases = liveupdate_in_cases,
};

kunit_test_suite(liveupdate_in_suite);
