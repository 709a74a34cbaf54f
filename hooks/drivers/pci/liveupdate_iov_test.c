// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of virtual functions in a live update
 *
 * A physical function with two virtual ones, in a domain of their own, is
 * enumerated as if it had come in, and as if it had not. Its configuration space
 * is a model that counts what is written to the SR-IOV capability while VF Enable
 * is set: that has no meaning, unless it is to clear it. Virtual functions are there as long as
 * it is.
 */

#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kho/abi/pci.h>
#include <linux/pci.h>
#include <linux/pci-ats.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>

#include "liveupdate.h"
#include "liveupdate_test.h"
#include "pci.h"

#define DOMAIN		0x7e58
#define VENDOR		0x7e57
#define PF_DEVFN	PCI_DEVFN(8, 0)
#define OFFSET		3
#define STRIDE		2
#define NR_VFS		2
#define VF_DEVFN(i)	(PF_DEVFN + OFFSET + STRIDE * (i))
/* As many as there could be */
#define TOTAL_VFS	40

/* Where the model has its capabilities */
#define EXP_CAP		0x40
#define IOV_CAP		0x100
#define ATS_CAP		0x200

#define CONTROL		(PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE | \
			 PCI_SRIOV_CTRL_ARI)
#define STU		3

/* BARs of a virtual function: one of 64 bits, one of 32 */
static const u32 bars[PCI_SRIOV_NUM_BARS] = {
	0xfe00000c, 0x3, 0xfd000000
};

static const u64 sizes[PCI_SRIOV_NUM_BARS] = { SZ_64K, 0, SZ_4K };

static const u32 writable[PCI_SRIOV_NUM_BARS] = {
	0xffff0000, ~0U, 0xfffff000
};

enum { PF, VF, NR_RECORDS };

/*
 * @sysdata: by which the model is found
 * @records: what came from the kernel before: of the physical function, and of the
 *           first virtual one; those without a count did not
 * @writes: to the SR-IOV capability while there are virtual functions
 * @kept_ari: the last of them has ARI on
 * @window: which their BARs are in
 */
struct model {
	struct pci_sysdata sysdata;
	u8 pf[PCI_CFG_SPACE_EXP_SIZE];
	u8 vf[NR_VFS][PCI_CFG_SPACE_EXP_SIZE];
	struct pci_dev_ser records[NR_RECORDS];
	unsigned int writes;
	bool kept_ari;
	struct resource window;
	struct pci_bus *root;
};

static struct model *model_of(struct pci_bus *bus)
{
	return container_of(to_pci_sysdata(bus), struct model, sysdata);
}

static u16 get_control(const struct model *model)
{
	return get_word(model->pf, IOV_CAP + PCI_SRIOV_CTRL);
}

static u8 *find_config(struct pci_bus *bus, unsigned int devfn)
{
	struct model *model = model_of(bus);
	unsigned int i;

	if (bus->number)
		return NULL;
	if (devfn == PF_DEVFN)
		return model->pf;
	for (i = 0; i < NR_VFS; i++)
		if (devfn == VF_DEVFN(i) &&
		    get_control(model) & PCI_SRIOV_CTRL_VFE)
			return model->vf[i];
	return NULL;
}

static int model_read(struct pci_bus *bus, unsigned int devfn, int where,
		      int size, u32 *val)
{
	return read_config(find_config(bus, devfn), where, size, val);
}

static u32 write_iov(struct model *model, int where, u32 val)
{
	int bar = (where - IOV_CAP - PCI_SRIOV_BAR) / 4;
	u32 old;

	if (get_control(model) & PCI_SRIOV_CTRL_VFE) {
		model->writes++;
		model->kept_ari = where == IOV_CAP + PCI_SRIOV_CTRL &&
				  val & PCI_SRIOV_CTRL_ARI;
	}
	if (where < IOV_CAP + PCI_SRIOV_BAR || bar >= PCI_SRIOV_NUM_BARS)
		return val;

	memcpy(&old, model->pf + where, sizeof(old));
	return (val & writable[bar]) | (old & ~writable[bar]);
}

static int model_write(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 val)
{
	u8 *config = find_config(bus, devfn);

	if (!config)
		return PCIBIOS_DEVICE_NOT_FOUND;

	/* Functions have no BARs, and ones clear bits of the status. */
	if ((where >= PCI_BASE_ADDRESS_0 && where <= PCI_ROM_ADDRESS) ||
	    where == PCI_STATUS)
		return PCIBIOS_SUCCESSFUL;
	if (devfn == PF_DEVFN && where >= IOV_CAP &&
	    where < IOV_CAP + PCI_EXT_CAP_SRIOV_SIZEOF)
		val = write_iov(model_of(bus), where, val);
	memcpy(config + where, &val, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops model_ops = {
	.read = model_read,
	.write = model_write,
};

/* What is common to all functions */
static void make_function(u8 *config, u16 vendor, u16 device)
{
	set_word(config, PCI_VENDOR_ID, vendor);
	set_word(config, PCI_DEVICE_ID, device);
	set_word(config, PCI_COMMAND, PCI_COMMAND_MASTER);
	set_word(config, PCI_STATUS, PCI_STATUS_CAP_LIST);
	set_word(config, PCI_CLASS_DEVICE, PCI_CLASS_NETWORK_ETHERNET);
	config[PCI_CAPABILITY_LIST] = EXP_CAP;
	config[EXP_CAP] = PCI_CAP_ID_EXP;
	set_word(config, EXP_CAP + PCI_EXP_FLAGS,
		 2 | PCI_EXP_TYPE_RC_END << 4);
	set_dword(config, ATS_CAP, PCI_EXT_CAP_ID_ATS | 1 << 16);
	set_word(config, ATS_CAP + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
}

static void make_iov(u8 *config)
{
	unsigned int i;

	set_dword(config, IOV_CAP, PCI_EXT_CAP_ID_SRIOV | 1 << 16 |
				   ATS_CAP << 20);
	set_word(config, IOV_CAP + PCI_SRIOV_CTRL, CONTROL);
	set_word(config, IOV_CAP + PCI_SRIOV_INITIAL_VF, TOTAL_VFS);
	set_word(config, IOV_CAP + PCI_SRIOV_TOTAL_VF, TOTAL_VFS);
	set_word(config, IOV_CAP + PCI_SRIOV_NUM_VF, NR_VFS);
	set_word(config, IOV_CAP + PCI_SRIOV_VF_OFFSET, OFFSET);
	set_word(config, IOV_CAP + PCI_SRIOV_VF_STRIDE, STRIDE);
	set_word(config, IOV_CAP + PCI_SRIOV_VF_DID, 2);
	set_dword(config, IOV_CAP + PCI_SRIOV_SUP_PGSIZE, 0x553);
	set_dword(config, IOV_CAP + PCI_SRIOV_SYS_PGSIZE, 1);
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		set_dword(config, IOV_CAP + PCI_SRIOV_BAR + 4 * i, bars[i]);
}

static void make_records(struct pci_dev_ser *records)
{
	records[PF] = (struct pci_dev_ser){
		.segment = DOMAIN,
		.sid = PCI_DEVID(0, PF_DEVFN),
		.vendor = VENDOR,
		.device = 1,
		.refcount = 1,
		.flags = PCI_SER_NO_AUTOPROBE,
		.sriov = {
			.control = CONTROL,
			.num_vfs = NR_VFS,
			.offset = OFFSET,
			.stride = STRIDE,
			.page_size = 1,
		},
	};
	memcpy(records[PF].bar + PCI_SER_VF_BARS, bars, sizeof(bars));
	memcpy(records[PF].size + PCI_SER_VF_BARS, sizes, sizeof(sizes));
	records[VF] = (struct pci_dev_ser){
		.segment = DOMAIN,
		.sid = PCI_DEVID(0, VF_DEVFN(0)),
		.vendor = VENDOR,
		.device = 2,
		.refcount = 1,
		.flags = PCI_SER_DEVICE,
	};
}

static struct pci_dev_ser *stub_get_record(u16 segment, u16 sid)
{
	struct model *model = kunit_get_current_test()->priv;
	unsigned int i;

	for (i = 0; i < NR_RECORDS; i++)
		if (model->records[i].refcount && segment == DOMAIN &&
		    model->records[i].sid == sid)
			return &model->records[i];
	return NULL;
}

static int vfs_init(struct kunit *test)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	unsigned int i;

	if (!model)
		return -ENOMEM;

	model->sysdata.domain = DOMAIN;
	model->sysdata.node = NUMA_NO_NODE;
	model->window = DEFINE_RES_MEM(0, ~0ULL);
	make_function(model->pf, VENDOR, 1);
	/* Virtual ones have no page size of their own. */
	set_word(model->pf, ATS_CAP + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE | STU);
	make_iov(model->pf);
	for (i = 0; i < NR_VFS; i++) {
		/* They do not say what they are. */
		make_function(model->vf[i], 0xffff, 0xffff);
		set_dword(model->vf[i], IOV_CAP, ATS_CAP << 20);
	}
	make_records(model->records);
	kunit_activate_static_stub(test, pci_liveupdate_get_record,
				   stub_get_record);
	kunit_activate_static_stub(test, pci_liveupdate_put_record,
				   stub_put_record);
	test->priv = model;
	return 0;
}

static struct pci_dev *find(unsigned int devfn)
{
	return find_device(DOMAIN, 0, devfn);
}

static unsigned int count_vfs(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < NR_VFS; i++)
		count += !!find(VF_DEVFN(i));
	return count;
}

static void claim_bar(struct kunit *test, struct pci_dev *pf, unsigned int bar)
{
	struct model *model = test->priv;
	struct resource *res = &pf->resource[PCI_IOV_RESOURCES + bar];

	if (res->flags && !res->parent)
		KUNIT_ASSERT_EQ(test, 0, request_resource(&model->window, res));
}

/* As is done once all devices were found */
static void claim(struct kunit *test, struct pci_dev *pf)
{
	unsigned int i;

	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		claim_bar(test, pf, i);
}

static void try_add_vfs(struct pci_dev *pf)
{
	pci_lock_rescan_remove();
	pci_liveupdate_add_vfs(pf);
	pci_unlock_rescan_remove();
}

static void add_vfs(struct kunit *test, struct pci_dev *pf)
{
	claim(test, pf);
	try_add_vfs(pf);
}

static struct pci_dev *find_pf(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf;
	LIST_HEAD(windows);

	pci_lock_rescan_remove();
	model->root = pci_scan_root_bus(NULL, 0, &model_ops, &model->sysdata,
					&windows);
	if (model->root)
		pci_bus_add_devices(model->root);
	pci_unlock_rescan_remove();
	KUNIT_ASSERT_NOT_NULL(test, model->root);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_root,
							   model->root));
	pf = find(PF_DEVFN);
	KUNIT_ASSERT_NOT_NULL(test, pf);
	return pf;
}

/* Returns the physical function. */
static struct pci_dev *enumerate(struct kunit *test)
{
	struct pci_dev *pf = find_pf(test);

	KUNIT_ASSERT_TRUE(test, pf->is_physfn);
	return pf;
}

static struct pci_dev *rescan(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf;

	pci_lock_rescan_remove();
	pci_scan_slot(model->root, PF_DEVFN);
	pf = find(PF_DEVFN);
	if (pf)
		claim(test, pf);
	pci_bus_add_devices(model->root);
	pci_unlock_rescan_remove();
	KUNIT_ASSERT_NOT_NULL(test, pf);
	return pf;
}

static void expect_running(struct kunit *test)
{
	struct model *model = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, CONTROL, get_control(model));
	KUNIT_EXPECT_EQ(test, 0, model->writes);
	for (i = 0; i < NR_VFS; i++)
		KUNIT_EXPECT_EQ(test, PCI_COMMAND_MASTER,
				get_word(model->vf[i], PCI_COMMAND));
}

/* What was read of the capability, and what was known before */
static void adopt_vfs(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_sriov *iov;
	struct pci_dev *pf;

	/* Which is more than those that there are need */
	model->records[PF].vf_buses = 1;
	pf = enumerate(test);
	iov = pf->sriov;
	expect_running(test);
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(pf));
	KUNIT_EXPECT_EQ(test, NR_VFS, iov->num_VFs);
	KUNIT_EXPECT_EQ(test, TOTAL_VFS, iov->initial_VFs);
	KUNIT_EXPECT_EQ(test, TOTAL_VFS, iov->total_VFs);
	KUNIT_EXPECT_EQ(test, OFFSET, iov->offset);
	KUNIT_EXPECT_EQ(test, STRIDE, iov->stride);
	KUNIT_EXPECT_EQ(test, CONTROL, iov->ctrl);
	KUNIT_EXPECT_EQ(test, 1, iov->pgsz);
	KUNIT_EXPECT_EQ(test, 1, iov->max_VF_buses);
	KUNIT_EXPECT_FALSE(test, iov->drivers_autoprobe);
	KUNIT_EXPECT_EQ(test, SZ_64K, iov->barsz[0]);
	KUNIT_EXPECT_EQ(test, SZ_4K, iov->barsz[2]);
	KUNIT_EXPECT_EQ(test, 0x3fe000000ULL,
			pci_resource_start(pf, PCI_IOV_RESOURCES));
	KUNIT_EXPECT_EQ(test, TOTAL_VFS * SZ_64K,
			pci_resource_len(pf, PCI_IOV_RESOURCES));
}

/* They are found where they are, when their BARs are claimed, and once. */
static void enumerate_vfs(struct kunit *test)
{
	struct pci_dev *pf = enumerate(test), *vf;

	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	claim_bar(test, pf, 0);
	try_add_vfs(pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	add_vfs(test, pf);
	KUNIT_EXPECT_EQ(test, NR_VFS, count_vfs());
	vf = find(VF_DEVFN(0));
	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_EXPECT_PTR_EQ(test, pf, pci_physfn(vf));
	KUNIT_EXPECT_EQ(test, 0x3fe000000ULL, pci_resource_start(vf, 0));
	KUNIT_EXPECT_EQ(test, 0xfd000000, pci_resource_start(vf, 2));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(vf));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_may_bind(vf));

	try_add_vfs(pf);
	KUNIT_EXPECT_EQ(test, NR_VFS, count_vfs());
	expect_running(test);
}

/* One that did not come in is anybody's, and has nothing cached. */
static void leave_others(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *vf;

	add_vfs(test, enumerate(test));
	vf = find(VF_DEVFN(1));
	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(vf));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_may_bind(vf));
	KUNIT_EXPECT_EQ(test, 0,
			get_word(model->vf[1], ATS_CAP + PCI_ATS_CTRL));
	KUNIT_EXPECT_FALSE(test, vf->ats_enabled);
}

/* ATS stays on where it was, and the page size with it. */
static void keep_ats(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf = enumerate(test), *vf;

	add_vfs(test, pf);
	vf = find(VF_DEVFN(0));
	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_EXPECT_TRUE(test, pf->ats_enabled);
	KUNIT_EXPECT_TRUE(test, vf->ats_enabled);
	KUNIT_EXPECT_EQ(test, 0, pci_prepare_ats(pf, PCI_ATS_MIN_STU + STU));
	KUNIT_EXPECT_EQ(test, 0, pci_prepare_ats(vf, PCI_ATS_MIN_STU + STU));
	KUNIT_EXPECT_EQ(test, -EINVAL, pci_prepare_ats(vf, PCI_ATS_MIN_STU));
	KUNIT_EXPECT_EQ(test, PCI_ATS_CTRL_ENABLE | STU,
			get_word(model->pf, ATS_CAP + PCI_ATS_CTRL));
	KUNIT_EXPECT_EQ(test, PCI_ATS_CTRL_ENABLE,
			get_word(model->vf[0], ATS_CAP + PCI_ATS_CTRL));
}

/* Nobody changes how many there are, until the last is finished. */
static void keep_number(struct kunit *test)
{
	struct pci_dev *pf = enumerate(test);

	add_vfs(test, pf);
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_keep_vfs(pf));
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pf));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_keep_vfs(pf));
	expect_running(test);
	KUNIT_EXPECT_EQ(test, NR_VFS, count_vfs());
}

/* Nobody has said anything of them, or it is not what is found. */
static void expect_none(struct kunit *test)
{
	struct model *model = test->priv;
	bool was_on = get_control(model);
	struct pci_dev *pf = enumerate(test);

	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pf));
	KUNIT_EXPECT_EQ(test, 0, get_control(model));
	KUNIT_EXPECT_EQ(test, 0, pf->sriov->num_VFs);
	/* All that may be written is what ends them. */
	KUNIT_EXPECT_EQ(test, was_on, model->writes);
	add_vfs(test, pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
}

static void not_incoming(struct kunit *test)
{
	struct model *model = test->priv;

	model->records[PF].refcount = 0;
	expect_none(test);
}

static void other_number(struct kunit *test)
{
	struct model *model = test->priv;

	set_word(model->pf, IOV_CAP + PCI_SRIOV_NUM_VF, NR_VFS - 1);
	expect_none(test);
}

static void other_place(struct kunit *test)
{
	struct model *model = test->priv;

	set_dword(model->pf, IOV_CAP + PCI_SRIOV_BAR + 8, 0xfd001000);
	expect_none(test);
}

/* Their BARs would be anybody's. They run, but nobody knows them. */
static void too_many(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf;

	set_word(model->pf, IOV_CAP + PCI_SRIOV_TOTAL_VF, NR_VFS - 1);
	pf = find_pf(test);
	KUNIT_EXPECT_FALSE(test, pf->is_physfn);
	add_vfs(test, pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
}

static void was_reset(struct kunit *test)
{
	struct model *model = test->priv;

	set_word(model->pf, IOV_CAP + PCI_SRIOV_CTRL, 0);
	expect_none(test);
}

/* A physical function takes its virtual ones along. They run on if awaited. */
static void remove_awaited(struct kunit *test)
{
	struct pci_dev *pf = enumerate(test);

	add_vfs(test, pf);
	remove_device(pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	expect_running(test);

	pf = rescan(test);
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(pf));
	KUNIT_EXPECT_EQ(test, NR_VFS, count_vfs());
	expect_running(test);
}

static void remove_finished(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf = enumerate(test);

	add_vfs(test, pf);
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	remove_device(pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	KUNIT_EXPECT_EQ(test, 0, get_control(model) & PCI_SRIOV_CTRL_VFE);

	pf = rescan(test);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pf));
	KUNIT_EXPECT_EQ(test, 0, pf->sriov->num_VFs);
}

/* A driver that may do anything does not get it until then. */
static void keep_drivers_away(struct kunit *test)
{
	struct pci_driver any = { .name = "any" };
	struct pci_driver idle = { .name = "idle", .hands_off = true };
	struct pci_dev *pf = enumerate(test), *vf;

	add_vfs(test, pf);
	vf = find(VF_DEVFN(0));
	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_liveupdate_may_probe(pf, &any));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(pf, &idle));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(vf, &any));
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(pf, &any));
}

/* The physical function has a user, and was preserved itself. */
static struct pci_dev *enumerate_owned(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf;

	model->records[PF].refcount = 2;
	model->records[PF].flags |= PCI_SER_DEVICE;
	pf = enumerate(test);
	add_vfs(test, pf);
	return pf;
}

/* If it was preserved itself, its owner comes before those of virtual ones. */
static void owner_comes_first(struct kunit *test)
{
	struct pci_driver any = { .name = "any" };
	struct pci_dev *pf = enumerate_owned(test), *vf = find(VF_DEVFN(0));

	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(pf, &any));
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_liveupdate_may_probe(vf, &any));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_retrieve(pf));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(vf, &any));

	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, PF_DEVFN));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(pf));
	/* Who opens it from here on does not go on with it. */
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_retrieved(pf));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(vf, &any));
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_liveupdate_may_probe(pf, &any));
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pf));
}

/* Its owner has gone, and never took it over. */
static void owner_is_gone(struct kunit *test)
{
	struct pci_driver any = { .name = "any" };
	struct pci_dev *pf = enumerate_owned(test), *vf = find(VF_DEVFN(0));

	KUNIT_ASSERT_NOT_NULL(test, vf);
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, PF_DEVFN));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(vf, &any));
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_liveupdate_may_probe(pf, &any));
}

/* Whoever disables SR-IOV takes them from their drivers, and no more. */
static void disable_awaited(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf = enumerate(test), *vf;

	add_vfs(test, pf);
	vf = pci_dev_get(find(VF_DEVFN(0)));
	pci_lock_rescan_remove();
	pci_disable_sriov(pf);
	pci_unlock_rescan_remove();
	expect_running(test);
	KUNIT_EXPECT_EQ(test, NR_VFS, count_vfs());
	KUNIT_EXPECT_PTR_NE(test, vf, find(VF_DEVFN(0)));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(find(VF_DEVFN(0))));
	pci_dev_put(vf);

	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	pci_lock_rescan_remove();
	pci_disable_sriov(pf);
	pci_unlock_rescan_remove();
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	KUNIT_EXPECT_EQ(test, 0, get_control(model) & PCI_SRIOV_CTRL_VFE);
}

/* Somebody else has the memory where a BAR is, and so it was moved. */
static void moved(struct kunit *test)
{
	struct pci_dev *pf = enumerate(test);
	struct resource *res = &pf->resource[PCI_IOV_RESOURCES + 2];

	resource_set_range(res, res->start + SZ_1M, resource_size(res));
	add_vfs(test, pf);
	KUNIT_EXPECT_EQ(test, 0, count_vfs());
	expect_running(test);
}

/* One that has no room is removed before it was added. */
static void remove_early(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pf = enumerate(test);

	remove_device(pf);
	pci_lock_rescan_remove();
	pci_scan_slot(model->root, PF_DEVFN);
	pf = find(PF_DEVFN);
	if (pf)
		pci_stop_and_remove_bus_device(pf);
	pci_unlock_rescan_remove();
	KUNIT_EXPECT_NOT_NULL(test, pf);
	expect_running(test);
}

/* ARI of the lowest physical function is that of all, of which some go on. */
static void keep_ari(struct kunit *test)
{
	struct model *model = test->priv;

	model->records[PF].refcount = 0;
	enumerate(test);
	KUNIT_EXPECT_TRUE(test, model->kept_ari);
}

/*
 * What goes out
 */

static void stop_handover(void *unused)
{
	pci_liveupdate_end();
}

/* Returns the physical function, in a kernel that nothing came into. */
static struct pci_dev *hand_over(struct kunit *test)
{
	struct pci_dev *pf = enumerate(test);
	u64 data;

	add_vfs(test, pf);
	pci_liveupdate_finish(DOMAIN, PCI_DEVID(0, VF_DEVFN(0)));
	KUNIT_ASSERT_EQ(test, 0, pci_liveupdate_start(&data));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_handover,
							   NULL));
	return pf;
}

/* What is handed over is what the next kernel is to find. */
static void freeze_vf(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev_ser expected;
	struct pci_dev *pf, *vf;

	expected = model->records[PF];
	pf = hand_over(test);
	vf = find(VF_DEVFN(0));
	KUNIT_ASSERT_NOT_NULL(test, vf);
	KUNIT_ASSERT_EQ(test, 0, pci_liveupdate_preserve(vf));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_outgoing(pf));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_keep_vfs(pf));
	pci_liveupdate_freeze(vf);
	KUNIT_EXPECT_MEMEQ(test, pf->liveupdate_outgoing, &expected,
			   sizeof(expected));
	KUNIT_EXPECT_EQ(test, PCI_SER_DEVICE, vf->liveupdate_outgoing->flags);
	KUNIT_EXPECT_TRUE(test,
			  mem_is_zero(vf->liveupdate_outgoing->size,
				      sizeof(vf->liveupdate_outgoing->size)));
	/* Requests of its own are not handed over. */
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_keep_master(pf));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_keep_master(vf));
	KUNIT_EXPECT_NULL(test,
			  pci_liveupdate_check_device(vf->liveupdate_outgoing));

	pci_liveupdate_unpreserve(vf);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_outgoing(pf));
}

static void refuse_driver(struct kunit *test)
{
	struct pci_driver any = { .name = "any" };
	struct pci_driver idle = { .name = "idle", .hands_off = true };
	struct pci_dev *pf = hand_over(test), *vf = find(VF_DEVFN(0));

	KUNIT_ASSERT_NOT_NULL(test, vf);
	pf->driver = &any;
	KUNIT_EXPECT_EQ(test, -EBUSY, pci_liveupdate_preserve(vf));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_outgoing(pf));

	/* Whoever changes it now may wait for this one. */
	pf->driver = NULL;
	device_lock(&pf->dev);
	KUNIT_EXPECT_EQ(test, -EBUSY, pci_liveupdate_preserve(vf));
	device_unlock(&pf->dev);

	pf->driver = &idle;
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_preserve(vf));
	pf->driver = NULL;
	KUNIT_EXPECT_EQ(test, -ENODEV, pci_liveupdate_may_probe(pf, &any));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(pf, &idle));
	pci_liveupdate_unpreserve(vf);
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_may_probe(pf, &any));
}

/* Its owner goes on with it, and so may others with virtual ones. */
static void preserve_pf(struct kunit *test)
{
	struct pci_driver any = { .name = "any" };
	struct pci_dev *pf = hand_over(test), *vf = find(VF_DEVFN(0));

	KUNIT_ASSERT_NOT_NULL(test, vf);
	pf->driver = &any;
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_preserve(pf));
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_preserve(vf));
	KUNIT_EXPECT_EQ(test, 2, pf->liveupdate_outgoing->refcount);
	pci_liveupdate_freeze(vf);
	KUNIT_EXPECT_TRUE(test, pf->liveupdate_outgoing->flags & PCI_SER_DEVICE);
	pci_liveupdate_unpreserve(pf);
	KUNIT_EXPECT_FALSE(test,
			   pf->liveupdate_outgoing->flags & PCI_SER_DEVICE);
	pci_liveupdate_unpreserve(vf);
	pf->driver = NULL;
}

/*
 * Lies
 */

static void no_lie(struct pci_dev_ser *record)
{
}

static void lie_none(struct pci_dev_ser *record)
{
	record->sriov.num_vfs = 0;
}

static void lie_offset(struct pci_dev_ser *record)
{
	record->sriov.offset = 0;
}

static void lie_stride(struct pci_dev_ser *record)
{
	record->sriov.stride = 0;
}

static void lie_far(struct pci_dev_ser *record)
{
	record->sriov.stride = U16_MAX;
	record->vf_buses = U8_MAX;
}

static void lie_buses(struct pci_dev_ser *record)
{
	record->sriov.offset = 0x100;
}

static void lie_many_buses(struct pci_dev_ser *record)
{
	record->vf_buses = U8_MAX + 1;
}

static void lie_page_size(struct pci_dev_ser *record)
{
	record->sriov.page_size = 3;
}

static void lie_no_page(struct pci_dev_ser *record)
{
	record->size[PCI_SER_VF_BARS + 2] = SZ_2K;
}

static void lie_bar(struct pci_dev_ser *record)
{
	record->bar[PCI_SER_VF_BARS] |= SZ_4K;
}

static void lie_half(struct pci_dev_ser *record)
{
	record->size[PCI_SER_VF_BARS + 1] = SZ_4K;
}

static void lie_last(struct pci_dev_ser *record)
{
	record->bar[PCI_SER_BARS - 1] = PCI_BASE_ADDRESS_MEM_TYPE_64;
	record->size[PCI_SER_BARS - 1] = SZ_4K;
}

static const struct lie {
	const char *name;
	void (*tell)(struct pci_dev_ser *record);
	const char *answer;
} lies[] = {
	{ "no lie", no_lie, "accepted" },
	{ "no virtual function", lie_none, "bad place of virtual functions" },
	{ "offset", lie_offset, "bad place of virtual functions" },
	{ "stride", lie_stride, "bad place of virtual functions" },
	{ "beyond all buses", lie_far, "bad place of virtual functions" },
	{ "beyond their buses", lie_buses, "bad place of virtual functions" },
	{ "buses", lie_many_buses, "bad place of virtual functions" },
	{ "page size", lie_page_size, "bad page size of virtual functions" },
	{ "less than a page", lie_no_page,
	  "bad page size of virtual functions" },
	{ "address", lie_bar, "bad BAR" },
	{ "upper half with a size", lie_half, "BAR without upper half" },
	{ "64-bit BAR at the end", lie_last, "BAR without upper half" },
};

KUNIT_ARRAY_PARAM_DESC(lie, lies, name);

static void tell_lie(struct kunit *test)
{
	const struct lie *lie = test->param_value;
	struct model *model = test->priv;

	lie->tell(&model->records[PF]);
	KUNIT_EXPECT_STREQ(test, lie->answer,
			   pci_liveupdate_check_device(&model->records[PF]) ?:
			   "accepted");
}

static struct kunit_case vfs_cases[] = {
	KUNIT_CASE(adopt_vfs),
	KUNIT_CASE(enumerate_vfs),
	KUNIT_CASE(leave_others),
	KUNIT_CASE(keep_ats),
	KUNIT_CASE(keep_number),
	KUNIT_CASE(not_incoming),
	KUNIT_CASE(other_number),
	KUNIT_CASE(other_place),
	KUNIT_CASE(too_many),
	KUNIT_CASE(was_reset),
	KUNIT_CASE(remove_awaited),
	KUNIT_CASE(remove_finished),
	KUNIT_CASE(keep_drivers_away),
	KUNIT_CASE(owner_comes_first),
	KUNIT_CASE(owner_is_gone),
	KUNIT_CASE(disable_awaited),
	KUNIT_CASE(moved),
	KUNIT_CASE(remove_early),
	KUNIT_CASE(keep_ari),
	KUNIT_CASE(freeze_vf),
	KUNIT_CASE(refuse_driver),
	KUNIT_CASE(preserve_pf),
	KUNIT_CASE_PARAM(tell_lie, lie_gen_params),
	{}
};

static struct kunit_suite vfs_suite = {
	.name = "pci_liveupdate_vfs",
	.init = vfs_init,
	.test_cases = vfs_cases,
};

kunit_test_suite(vfs_suite);
