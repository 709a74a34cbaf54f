// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what goes out in a live update: from the first preserved device to
 * the moment at which the last CPU points the unit to the tables that the next
 * kernel finds
 *
 * The unit of the model walks them from there on. The next kernel must accept
 * what it is told, and a device must translate as before or be blocked.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/iommu.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/intel_iommu.h>

#include "attach_world.h"
#include "../liveupdate_blob.h"
#include "../liveupdate_out.h"

/* How a device translates that is preserved. Any CPU has stores of 8 bytes. */
static const struct out_param {
	const char *name;
	struct world_config config;
	enum world_kind kind, other;
} out_params[] = {
	{ "legacy", { .quantum_words = 1 }, WORLD_SS, WORLD_PARENT },
	{ "legacy with an alias", { .quantum_words = 1, .alias = WORLD_ALIAS },
	  WORLD_SS, WORLD_PARENT },
	{ "second stage", { .scalable = true, .quantum_words = 1 }, WORLD_SS,
	  WORLD_PARENT },
	{ "first stage", { .scalable = true, .quantum_words = 1 }, WORLD_FS,
	  WORLD_FS_OTHER },
};

KUNIT_ARRAY_PARAM_DESC(out, out_params, name);

/* What the next kernel is told; the model of the unit has the test's pointer. */
static const struct vtd_ser *blob;

static void end_out(void *unused)
{
	liveupdate_out_end();
}

static void start(struct kunit *test)
{
	u64 data;

	if (!kho_is_enabled())
		kunit_skip(test, "the kernel hands nothing over");
	KUNIT_ASSERT_EQ(test, liveupdate_out_start(&data), 0);
	blob = phys_to_virt(data);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_out, NULL), 0);
}

static const char *crowd(struct device_domain_info *info)
{
	return "is not alone in its group";
}

static bool take_over(void)
{
	return true;
}

static struct attach_world *make_world(struct kunit *test,
				       const struct world_config *config)
{
	struct attach_world *world;
	struct intel_iommu *iommu;

	start(test);
	kunit_activate_static_stub(test, liveupdate_image_takes_over, take_over);
	world = attach_world_make(test, config);
	iommu = &world->unit[0].iommu;
	iommu->reg_phys = 0xfed90000;
	iommu->flush.flush_context = qi_flush_context;
	iommu->flush.flush_iotlb = qi_flush_iotlb;
	/* The unit takes new tables at once. */
	writel(DMA_GSTS_RTPS | DMA_GSTS_IRTPS, iommu->reg + DMAR_GSTS_REG);
	return world;
}

/* The core knows no device of the world; it is in a group for this moment. */
static int in_group(struct attach_world *world, enum world_device which,
		    int (*act)(struct device_domain_info *info))
{
	struct device_domain_info *info = world_info(&world->pci[which]);
	struct device *dev = info->dev;
	struct iommu_group *group = iommu_group_alloc();
	int ret;

	KUNIT_ASSERT_FALSE(world->test, IS_ERR(group));
	dev->iommu_group = group;
	ret = act(info);
	dev->iommu_group = NULL;
	iommu_group_put(group);
	return ret;
}

static int preserve_as_is(struct device_domain_info *info)
{
	return liveupdate_out_preserve(info, info->domain);
}

static int preserve(struct attach_world *world, enum world_device which)
{
	return in_group(world, which, preserve_as_is);
}

static int freeze(struct attach_world *world, enum world_device which)
{
	return in_group(world, which, liveupdate_out_freeze);
}

static void unpreserve(struct attach_world *world, enum world_device which)
{
	liveupdate_out_unpreserve(world_info(&world->pci[which]));
}

static void unfreeze(struct attach_world *world, enum world_device which)
{
	liveupdate_out_unfreeze(world_info(&world->pci[which]));
}

/* What is not listed shows in the blob, what is not preserved in a guest. */
static bool is_preserved(void *unused, phys_addr_t page)
{
	return true;
}

static const char *check(void)
{
	return liveupdate_blob_check(__pa(blob), is_preserved, NULL) ?:
	       "good";
}

/* The unit that had its first device last */
static const struct vtd_unit_ser *told_unit(void)
{
	return liveupdate_record_at(blob->record.next);
}

/* The device of that which was frozen last */
static const struct vtd_device_ser *told_device(void)
{
	return liveupdate_record_at(told_unit()->devices);
}

static unsigned int count_told(void)
{
	const struct vtd_device_ser *device;
	const struct vtd_unit_ser *unit;
	unsigned int count = 0;

	for (unit = liveupdate_first_unit(blob); unit;
	     unit = liveupdate_next_unit(unit))
		for (device = liveupdate_first_device(unit); device;
		     device = liveupdate_next_device(device))
			count++;
	return count;
}

static bool hand_over(struct intel_iommu *iommu)
{
	bool handed_over;

	kexec_in_progress = true;
	handed_over = intel_liveupdate_hand_over(iommu);
	kexec_in_progress = false;
	return handed_over;
}

/* The unit walks what is handed over, and is then given its tables back. */
static bool translates_after_jump(struct attach_world *world,
				  const struct unit_grant *now)
{
	struct unit_requester *seen = world->requester[WORLD_DEVICE].seen;
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct unit_machine *machine = &world->machine;
	struct unit_model *unit = world->unit[0].model;
	struct root_entry *root = iommu->root_entry;
	bool translates;

	unit->root = told_unit()->rtaddr & VTD_PAGE_MASK;
	KUNIT_EXPECT_TRUE(world->test, hand_over(iommu));
	KUNIT_EXPECT_EQ(world->test, readq(iommu->reg + DMAR_RTADDR_REG),
			told_unit()->rtaddr);
	unit_observe_all(machine);
	scoped_guard(spinlock_irqsave, &machine->lock)
		translates = unit_translates(unit, seen, UNIT_PAGE_KEPT,
					     now->out[UNIT_PAGE_KEPT]);

	iommu->root_entry = root;
	unit->root = virt_to_phys(root);
	iommu_set_root_entry(iommu);
	unit_observe_all(machine);
	return translates;
}

/* The device is attached, and preserved as it is. */
static struct attach_world *make_preserved(struct kunit *test,
					   const struct out_param *param)
{
	struct attach_world *world = make_world(test, &param->config);

	world_attach(world, WORLD_DEVICE, param->kind);
	KUNIT_ASSERT_EQ(test, preserve(world, WORLD_DEVICE), 0);
	return world;
}

static void give_back(struct attach_world *world)
{
	unfreeze(world, WORLD_DEVICE);
	unpreserve(world, WORLD_DEVICE);
}

/* It is told of, and does not translate after the jump. */
static void expect_left_out(struct attach_world *world,
			    const struct unit_grant *grant)
{
	KUNIT_EXPECT_EQ(world->test, told_device()->flags, 0);
	KUNIT_EXPECT_STREQ(world->test, check(), "good");
	KUNIT_EXPECT_FALSE(world->test, translates_after_jump(world, grant));
}

static void test_handed_over(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);

	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), -EBUSY);
	KUNIT_EXPECT_FALSE(test, hand_over(&world->unit[0].iommu));

	/* A freeze that is undone leaves nothing behind. */
	KUNIT_ASSERT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	unfreeze(world, WORLD_DEVICE);
	KUNIT_EXPECT_EQ(test, count_told(), 0);
	KUNIT_EXPECT_STREQ(test, check(), "good");

	KUNIT_ASSERT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	KUNIT_EXPECT_STREQ(test, check(), "good");
	KUNIT_EXPECT_TRUE(test, translates_after_jump(world,
						      &world->domain[param->kind].grant));
	KUNIT_EXPECT_EQ(test, told_device()->flags, VTD_SER_DEVICE_READY);
	KUNIT_EXPECT_STREQ(test, check(), "good");
	KUNIT_EXPECT_STREQ(test, world->machine.failure, "");

	give_back(world);
}

/* Hardware translates by another entry than the one that was frozen. */
static void test_changed(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *grant = &world->domain[param->kind].grant;

	KUNIT_ASSERT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);

	KUNIT_EXPECT_FALSE(test, translates_after_jump(world, grant));
	KUNIT_EXPECT_EQ(test, told_device()->flags, 0);
	KUNIT_EXPECT_STREQ(test, check(), "good");

	give_back(world);
}

/*
 * Nobody may attach a device that is preserved, but blocking never fails. It is
 * left out then, and still blocked after the jump.
 */
static void test_blocked(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *grant = &world->domain[param->kind].grant;

	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	KUNIT_EXPECT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	KUNIT_EXPECT_EQ(test, count_told(), 1);
	expect_left_out(world, grant);

	give_back(world);
	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), -EBUSY);
}

/* As if nothing had kept the other domain away */
static const struct unit_grant *attach_other(struct attach_world *world,
					     enum world_kind other)
{
	world_info(&world->pci[WORLD_DEVICE])->preserved = NULL;
	KUNIT_EXPECT_EQ(world->test,
			world_attach(world, WORLD_DEVICE, other).ret, 0);

	return &world->domain[other].grant;
}

/* It translates, but by another page table than was preserved. */
static void test_other_table(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *grant;

	grant = attach_other(world, param->other);
	KUNIT_EXPECT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	expect_left_out(world, grant);

	give_back(world);
}

/* The same, after the freeze */
static void test_other_entry(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *old = &world->domain[param->kind].grant, *new;

	KUNIT_ASSERT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	new = attach_other(world, param->other);
	KUNIT_EXPECT_FALSE(test, translates_after_jump(world, old));
	KUNIT_EXPECT_FALSE(test, translates_after_jump(world, new));
	KUNIT_EXPECT_EQ(test, told_device()->flags, 0);

	give_back(world);
}

static int preserve_other(struct device_domain_info *info)
{
	struct kunit *test = kunit_get_current_test();
	const struct out_param *param = test->param_value;
	struct attach_world *world =
		container_of(test->priv, struct attach_world, machine);
	struct iommu_domain *other = world->domain[param->other].domain;

	return liveupdate_out_preserve(info, to_dmar_domain(other));
}

/* Whoever has checked a domain's memory has it preserved, and no other one. */
static void test_other_domain(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_world(test, &param->config);

	world_attach(world, WORLD_DEVICE, param->kind);
	KUNIT_EXPECT_EQ(test, in_group(world, WORLD_DEVICE, preserve_other),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), 0);
	unpreserve(world, WORLD_DEVICE);
}

/* A reset blocks the device for a while. */
static void test_reset(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *grant = &world->domain[param->kind].grant;
	struct world_result result;

	world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	result = world_attach(world, WORLD_DEVICE, WORLD_IDENTITY);
	KUNIT_EXPECT_EQ(test, result.ret, -EBUSY);
	result = world_attach(world, WORLD_DEVICE, param->kind);
	KUNIT_EXPECT_EQ(test, result.ret, 0);
	KUNIT_EXPECT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	KUNIT_EXPECT_STREQ(test, check(), "good");
	KUNIT_EXPECT_TRUE(test, translates_after_jump(world, grant));

	give_back(world);
}

/* Another device has joined its group since. */
static void test_crowded(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_preserved(test, param);
	const struct unit_grant *grant = &world->domain[param->kind].grant;

	kunit_activate_static_stub(test, liveupdate_find_obstacle, crowd);
	KUNIT_EXPECT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	expect_left_out(world, grant);

	give_back(world);
}

static bool remaps(struct intel_iommu *iommu)
{
	return true;
}

/* No interrupt gets through by what the table had until the jump. */
static void test_interrupts(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct attach_world *world = make_world(test, &param->config);
	struct intel_iommu *iommu = &world->unit[0].iommu;
	struct unit_model *unit = world->unit[0].model;
	struct root_entry *root = iommu->root_entry;
	unsigned int flushes;
	u64 irta;

	if (!IS_ENABLED(CONFIG_IRQ_REMAP))
		kunit_skip(test, "interrupts are not remapped");
	kunit_activate_static_stub(test, intel_irq_remapping_is_set_up, remaps);
	world_attach(world, WORLD_DEVICE, param->kind);
	KUNIT_ASSERT_EQ(test, preserve(world, WORLD_DEVICE), 0);
	KUNIT_ASSERT_EQ(test, freeze(world, WORLD_DEVICE), 0);
	KUNIT_EXPECT_STREQ(test, check(), "good");
	KUNIT_EXPECT_EQ(test, readq(iommu->reg + DMAR_IRTA_REG), 0);

	flushes = unit->counts.interrupt_flushes;
	unit->root = told_unit()->rtaddr & VTD_PAGE_MASK;
	KUNIT_EXPECT_TRUE(test, hand_over(iommu));
	irta = readq(iommu->reg + DMAR_IRTA_REG);
	KUNIT_EXPECT_EQ(test, irta & VTD_PAGE_MASK, told_unit()->irq_table);
	KUNIT_EXPECT_NE(test, irta & VTD_PAGE_MASK, 0);
	/* As many entries as a page has, each of 16 bytes and all zero */
	KUNIT_EXPECT_EQ(test, 16 << ((irta & 0xf) + 1), SZ_4K);
	KUNIT_EXPECT_NULL(test, memchr_inv(phys_to_virt(told_unit()->irq_table),
					   0, SZ_4K));
	KUNIT_EXPECT_EQ(test, unit->counts.interrupt_flushes, flushes + 1);

	iommu->root_entry = root;
	unit->root = virt_to_phys(root);
	iommu_set_root_entry(iommu);
	unfreeze(world, WORLD_DEVICE);
	unpreserve(world, WORLD_DEVICE);
}

/* Who shares a page table, and who is behind the other unit */
static const enum world_device out_devices[] = {
	WORLD_DEVICE, WORLD_OLD_SHARER, WORLD_NEW_SHARER, WORLD_FAR_OLD,
	WORLD_FAR_NEW,
};

/* A chain of units, and of devices in each; records go from every place. */
static void test_several(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct world_config config = param->config;
	struct attach_world *world;
	unsigned int i, left;

	config.far = true;
	world = make_world(test, &config);
	world->unit[1].iommu.reg_phys = 0xfed91000;
	for (i = 0; i < ARRAY_SIZE(out_devices); i++) {
		world_attach(world, out_devices[i], param->kind);
		KUNIT_ASSERT_EQ(test, preserve(world, out_devices[i]), 0);
		KUNIT_ASSERT_EQ(test, freeze(world, out_devices[i]), 0);
		KUNIT_EXPECT_STREQ(test, check(), "good");
	}
	KUNIT_EXPECT_EQ(test, count_told(), ARRAY_SIZE(out_devices));
	KUNIT_EXPECT_NOT_NULL(test, liveupdate_record_at(told_unit()->record.next));

	for (i = 0; i < ARRAY_SIZE(out_devices); i++) {
		unfreeze(world, out_devices[i]);
		KUNIT_EXPECT_EQ(test, count_told(), ARRAY_SIZE(out_devices) - 1);
		KUNIT_EXPECT_STREQ(test, check(), "good");
		KUNIT_EXPECT_EQ(test, freeze(world, out_devices[i]), 0);
		KUNIT_EXPECT_STREQ(test, check(), "good");
	}

	for (i = 0, left = ARRAY_SIZE(out_devices); left--; i++) {
		unfreeze(world, out_devices[i]);
		unpreserve(world, out_devices[i]);
		KUNIT_EXPECT_EQ(test, count_told(), left);
		KUNIT_EXPECT_STREQ(test, check(), "good");
	}
}

static void end_pretence(void *unused)
{
	rmrr_pretend(NULL, 0);
}

/* Firmware may have a device do DMA that cannot be preserved. */
static void test_firmware(struct kunit *test)
{
	const struct out_param *param = test->param_value;
	struct world_config config = param->config;
	static struct dmar_dev_scope scope;
	struct attach_world *world;
	struct pci_dev *other;

	config.far = true;
	world = make_world(test, &config);
	other = &world->pci[WORLD_OLD_SHARER].pdev;
	/* Whoever finds it takes a reference. */
	device_initialize(&other->dev);
	world_attach(world, WORLD_DEVICE, param->kind);
	RCU_INIT_POINTER(scope.dev, &other->dev);
	rmrr_pretend(&scope, 1);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_pretence,
							NULL), 0);
	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), -EBUSY);

	/* The kernel has driven those for long. */
	other->class = PCI_CLASS_SERIAL_USB << 8;
	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), 0);
	/* It may come at any time. */
	other->class = 0;
	KUNIT_EXPECT_EQ(test, freeze(world, WORLD_DEVICE), -EBUSY);
	KUNIT_EXPECT_EQ(test, count_told(), 0);
	unpreserve(world, WORLD_DEVICE);

	/* Behind the other unit it is nobody's concern. */
	RCU_INIT_POINTER(scope.dev, &world->pci[WORLD_FAR_OLD].pdev.dev);
	KUNIT_EXPECT_EQ(test, preserve(world, WORLD_DEVICE), 0);
	unpreserve(world, WORLD_DEVICE);
}

static struct kunit_case liveupdate_out_cases[] = {
	KUNIT_CASE_PARAM(test_handed_over, out_gen_params),
	KUNIT_CASE_PARAM(test_changed, out_gen_params),
	KUNIT_CASE_PARAM(test_blocked, out_gen_params),
	KUNIT_CASE_PARAM(test_other_table, out_gen_params),
	KUNIT_CASE_PARAM(test_other_entry, out_gen_params),
	KUNIT_CASE_PARAM(test_other_domain, out_gen_params),
	KUNIT_CASE_PARAM(test_reset, out_gen_params),
	KUNIT_CASE_PARAM(test_crowded, out_gen_params),
	KUNIT_CASE_PARAM(test_interrupts, out_gen_params),
	KUNIT_CASE_PARAM(test_several, out_gen_params),
	KUNIT_CASE_PARAM(test_firmware, out_gen_params),
	{}
};

static struct kunit_suite liveupdate_out_suite = {
	.name = "intel_liveupdate_out",
	.test_cases = liveupdate_out_cases,
};

kunit_test_suite(liveupdate_out_suite);
