// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of PCI devices in a live update
 *
 * A device behind a root port, in a domain of their own, is enumerated as if it
 * had come in, and as if it had not. Its configuration space is a model that
 * notes what is written.
 */

#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/io.h>
#include <linux/kho/abi/pci.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "liveupdate.h"
#include "liveupdate_test.h"
#include "pci.h"

#define DOMAIN		0x7e57
#define VENDOR		0x7e57
#define PORT_DEVFN	PCI_DEVFN(1, 0)
/* Nobody would choose this one. */
#define BELOW		5
#define DEVICE_SID	PCI_DEVID(BELOW, 0)

/* Where the model has its capabilities */
#define EXP_CAP		0x40
#define MSI_CAP		0x80
#define MSIX_CAP	0xa0
#define ACS_CAP		0x100

#define COMMAND		(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MSI_FLAGS	(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_MASKBIT)
#define MSIX_FLAGS	(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)

/* The device's BARs: one of 64 bits, one of 32, one of I/O */
static const u32 bars[PCI_SER_VF_BARS] = {
	0xfe000004, 0x3, 0xfd000000, 0xc001, [PCI_SER_ROM] = 0xfc000000
};

static const u64 sizes[PCI_SER_VF_BARS] = {
	SZ_64K, 0, SZ_4K, 32, 0, 0, [PCI_SER_ROM] = SZ_2K
};

/* Which bits of them can be written */
static const u32 writable[PCI_SER_VF_BARS] = {
	0xffff0000, ~0U, 0xfffff000, 0xffe0, 0, 0, [PCI_SER_ROM] = 0xfffff801
};

/*
 * @sysdata: by which the model is found
 * @incoming: whether @records came from the kernel before
 * @cleared: bits of the command register that were cleared at some time
 * @bar_writes: how often a BAR of the device was written
 */
struct model {
	struct pci_sysdata sysdata;
	u8 port[PCI_CFG_SPACE_EXP_SIZE];
	u8 device[PCI_CFG_SPACE_EXP_SIZE];
	struct pci_dev_ser records[2];
	bool incoming;
	u16 cleared;
	unsigned int bar_writes;
	struct pci_bus *root;
};

static struct model *model_of(struct pci_bus *bus)
{
	return container_of(to_pci_sysdata(bus), struct model, sysdata);
}

/* What is at an address; the port forwards what its registers say. */
static u8 *find_config(struct pci_bus *bus, unsigned int devfn)
{
	struct model *model = model_of(bus);

	if (!bus->number)
		return devfn == PORT_DEVFN ? model->port : NULL;

	return !devfn && bus->number == model->port[PCI_SECONDARY_BUS] ?
		model->device : NULL;
}

static int model_read(struct pci_bus *bus, unsigned int devfn, int where,
		      int size, u32 *val)
{
	return read_config(find_config(bus, devfn), where, size, val);
}

static int which_bar(int where)
{
	if (where == PCI_ROM_ADDRESS)
		return PCI_SER_ROM;
	if (where >= PCI_BASE_ADDRESS_0 && where <= PCI_BASE_ADDRESS_5)
		return (where - PCI_BASE_ADDRESS_0) / 4;

	return -1;
}

/* Keeps what cannot be written. */
static void write_device(struct model *model, int where, u32 *val)
{
	int bar = which_bar(where);
	u32 old = 0;

	if (where == PCI_COMMAND)
		model->cleared |= get_word(model->device, where) & ~*val;
	if (bar < 0)
		return;

	model->bar_writes++;
	memcpy(&old, model->device + where, sizeof(old));
	*val = (*val & writable[bar]) | (old & ~writable[bar]);
}

static int model_write(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 val)
{
	struct model *model = model_of(bus);
	u8 *config = find_config(bus, devfn);

	if (!config)
		return PCIBIOS_DEVICE_NOT_FOUND;

	/* Ones clear bits of these, of which none is set. */
	if (where == PCI_STATUS ||
	    (where == PCI_SEC_STATUS && config == model->port))
		return PCIBIOS_SUCCESSFUL;
	if (config == model->device)
		write_device(model, where, &val);
	/* The port has no BARs and no ROM. */
	else if (which_bar(where) == 0 || which_bar(where) == 1 ||
		 where == PCI_ROM_ADDRESS1)
		val = 0;
	memcpy(config + where, &val, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops model_ops = {
	.read = model_read,
	.write = model_write,
};

static void make_port(u8 *config)
{
	set_word(config, PCI_VENDOR_ID, VENDOR);
	set_word(config, PCI_DEVICE_ID, 1);
	set_word(config, PCI_COMMAND, COMMAND);
	set_word(config, PCI_STATUS, PCI_STATUS_CAP_LIST);
	set_word(config, PCI_CLASS_DEVICE, PCI_CLASS_BRIDGE_PCI);
	config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	config[PCI_SECONDARY_BUS] = BELOW;
	config[PCI_SUBORDINATE_BUS] = BELOW;
	config[PCI_CAPABILITY_LIST] = EXP_CAP;
	config[EXP_CAP] = PCI_CAP_ID_EXP;
	set_word(config, EXP_CAP + PCI_EXP_FLAGS,
		 2 | PCI_EXP_TYPE_ROOT_PORT << 4);
	set_word(config, EXP_CAP + PCI_EXP_DEVCAP2, PCI_EXP_DEVCAP2_ARI);
	set_word(config, EXP_CAP + PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_ARI);
	set_dword(config, ACS_CAP, PCI_EXT_CAP_ID_ACS | 1 << 16);
	set_word(config, ACS_CAP + PCI_ACS_CAP, PCI_ACS_SV | PCI_ACS_RR);
}

static void make_device(u8 *config)
{
	unsigned int i;

	set_word(config, PCI_VENDOR_ID, VENDOR);
	set_word(config, PCI_DEVICE_ID, 2);
	set_word(config, PCI_COMMAND, COMMAND);
	set_word(config, PCI_STATUS, PCI_STATUS_CAP_LIST);
	set_word(config, PCI_CLASS_DEVICE, PCI_CLASS_NETWORK_ETHERNET);
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		set_dword(config, PCI_BASE_ADDRESS_0 + 4 * i, bars[i]);
	set_dword(config, PCI_ROM_ADDRESS, bars[PCI_SER_ROM]);
	config[PCI_CAPABILITY_LIST] = EXP_CAP;
	set_word(config, EXP_CAP, PCI_CAP_ID_EXP | MSI_CAP << 8);
	set_word(config, EXP_CAP + PCI_EXP_FLAGS, 2);
	set_word(config, MSI_CAP, PCI_CAP_ID_MSI | MSIX_CAP << 8);
	set_word(config, MSI_CAP + PCI_MSI_FLAGS, MSI_FLAGS);
	set_word(config, MSIX_CAP, PCI_CAP_ID_MSIX);
	set_word(config, MSIX_CAP + PCI_MSIX_FLAGS, MSIX_FLAGS);
}

static void make_records(struct pci_dev_ser *records)
{
	records[0] = (struct pci_dev_ser){
		.segment = DOMAIN,
		.sid = PCI_DEVID(0, PORT_DEVFN),
		.vendor = VENDOR,
		.device = 1,
		.refcount = 1,
		.buses = BELOW << 8 | BELOW << 16,
	};
	records[1] = (struct pci_dev_ser){
		.segment = DOMAIN,
		.sid = PCI_DEVID(BELOW, 0),
		.vendor = VENDOR,
		.device = 2,
		.refcount = 1,
	};
	memcpy(records[1].bar, bars, sizeof(bars));
	memcpy(records[1].size, sizes, sizeof(sizes));
}

static struct pci_dev_ser *stub_get_record(u16 segment, u16 sid)
{
	struct model *model = kunit_get_current_test()->priv;
	unsigned int i;

	for (i = 0; model->incoming && i < ARRAY_SIZE(model->records); i++)
		if (model->records[i].refcount && segment == DOMAIN &&
		    model->records[i].sid == sid)
			return &model->records[i];
	return NULL;
}

static struct pci_dev *find(unsigned int bus, unsigned int devfn)
{
	return find_device(DOMAIN, bus, devfn);
}

/* Returns the device, if it is found where it was */
static struct pci_dev *enumerate(struct kunit *test)
{
	struct model *model = test->priv;
	LIST_HEAD(windows);

	pci_lock_rescan_remove();
	model->root = pci_scan_root_bus(NULL, 0, &model_ops, &model->sysdata,
					&windows);
	pci_unlock_rescan_remove();
	KUNIT_ASSERT_NOT_NULL(test, model->root);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_root,
							   model->root));

	return find(BELOW, 0);
}

static int enumeration_init(struct kunit *test)
{
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);

	if (!model)
		return -ENOMEM;

	model->sysdata.domain = DOMAIN;
	model->sysdata.node = NUMA_NO_NODE;
	model->incoming = true;
	make_port(model->port);
	make_device(model->device);
	make_records(model->records);
	kunit_activate_static_stub(test, pci_liveupdate_get_record,
				   stub_get_record);
	kunit_activate_static_stub(test, pci_liveupdate_put_record,
				   stub_put_record);
	test->priv = model;
	return 0;
}

static void expect_resources(struct kunit *test, struct pci_dev *pdev)
{
	KUNIT_EXPECT_EQ(test, 0x3fe000000ULL, pci_resource_start(pdev, 0));
	KUNIT_EXPECT_EQ(test, SZ_64K, pci_resource_len(pdev, 0));
	KUNIT_EXPECT_EQ(test, 0, pci_resource_len(pdev, 1));
	KUNIT_EXPECT_EQ(test, 0xfd000000, pci_resource_start(pdev, 2));
	KUNIT_EXPECT_EQ(test, SZ_4K, pci_resource_len(pdev, 2));
	KUNIT_EXPECT_EQ(test, 0xc000, pci_resource_start(pdev, 3));
	KUNIT_EXPECT_EQ(test, 32, pci_resource_len(pdev, 3));
	KUNIT_EXPECT_EQ(test, 0, pci_resource_len(pdev, 4));
	KUNIT_EXPECT_EQ(test, SZ_2K, pci_resource_len(pdev, PCI_ROM_RESOURCE));
}

static void expect_messages(struct kunit *test, u16 msi, u16 msix)
{
	struct model *model = test->priv;

	KUNIT_EXPECT_EQ(test, msi,
			get_word(model->device, MSI_CAP + PCI_MSI_FLAGS));
	KUNIT_EXPECT_EQ(test, msix,
			get_word(model->device, MSIX_CAP + PCI_MSIX_FLAGS));
}

/* As of a device that is no matter to anybody */
static void expect_as_ever(struct kunit *test, struct pci_dev *pdev)
{
	struct model *model = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pdev));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_may_bind(pdev));
	KUNIT_EXPECT_EQ(test, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE,
			model->cleared);
	KUNIT_EXPECT_FALSE(test, pdev->broken_intx_masking);
	KUNIT_EXPECT_NE(test, 0, model->bar_writes);
	expect_messages(test, MSI_FLAGS & ~PCI_MSI_FLAGS_ENABLE,
			MSIX_FLAGS & ~PCI_MSIX_FLAGS_ENABLE);
}

/* A device that came in is enumerated, and notices nothing. */
static void enumerate_incoming(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev = enumerate(test);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(pdev));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_may_bind(pdev));
	KUNIT_EXPECT_EQ(test, 0, model->cleared);
	KUNIT_EXPECT_EQ(test, 0, model->bar_writes);
	KUNIT_EXPECT_FALSE(test, pdev->broken_intx_masking);
	expect_messages(test, MSI_FLAGS, MSIX_FLAGS);
	expect_resources(test, pdev);
}

/* That INTx stays is what the kernel before knows: it could be masked here. */
static void enumerate_intx(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev;

	model->records[1].flags = PCI_SER_INTX_STAYS;
	pdev = enumerate(test);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_EXPECT_TRUE(test, pdev->broken_intx_masking);
	KUNIT_EXPECT_EQ(test, 0, model->cleared);
}

/* The same device, and nobody said anything of it */
static void enumerate_other(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev;

	model->incoming = false;
	pdev = enumerate(test);
	expect_as_ever(test, pdev);
	expect_resources(test, pdev);
}

/* Another device in its place, or one that was reset and set up anew */
static void enumerate_changed(struct kunit *test)
{
	struct model *model = test->priv;

	set_dword(model->device, PCI_BASE_ADDRESS_2, 0xfd100000);
	expect_as_ever(test, enumerate(test));
}

static void enumerate_replaced(struct kunit *test)
{
	struct model *model = test->priv;

	set_word(model->device, PCI_DEVICE_ID, 3);
	expect_as_ever(test, enumerate(test));
}

/* MSI that cannot be masked was not, and is disabled as ever. */
static void enumerate_unmasked(struct kunit *test)
{
	struct model *model = test->priv;

	set_word(model->device, MSI_CAP + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
	KUNIT_ASSERT_NOT_NULL(test, enumerate(test));
	KUNIT_EXPECT_EQ(test, 0,
			get_word(model->device, MSI_CAP + PCI_MSI_FLAGS));
	KUNIT_EXPECT_EQ(test, MSIX_FLAGS,
			get_word(model->device, MSIX_CAP + PCI_MSIX_FLAGS));
}

/* What the port does to requests from below. Returns ACS and ARI */
static void read_routing(struct kunit *test, u16 *acs, u16 *ari)
{
	struct model *model = test->priv;
	struct pci_dev *port;

	KUNIT_ASSERT_NOT_NULL(test, enumerate(test));
	port = find(0, PORT_DEVFN);
	KUNIT_ASSERT_NOT_NULL(test, port);
	KUNIT_EXPECT_EQ(test, model->incoming, pci_liveupdate_is_incoming(port));
	/* The driver of ports may have it all the same. */
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_may_bind(port));
	KUNIT_EXPECT_EQ(test, 0, port->dev.bus->dma_configure(&port->dev));
	*acs = get_word(model->port, ACS_CAP + PCI_ACS_CTRL);
	*ari = get_word(model->port, EXP_CAP + PCI_EXP_DEVCTL2) &
		PCI_EXP_DEVCTL2_ARI;
	KUNIT_EXPECT_EQ(test, !!*ari, !!port->ari_enabled);
}

static void keep_routing(struct kunit *test)
{
	u16 acs, ari;

	pci_request_acs();
	read_routing(test, &acs, &ari);
	KUNIT_EXPECT_EQ(test, 0, acs);
	KUNIT_EXPECT_NE(test, 0, ari);
}

static void change_routing(struct kunit *test)
{
	struct model *model = test->priv;
	u16 acs, ari;

	model->incoming = false;
	pci_request_acs();
	read_routing(test, &acs, &ari);
	KUNIT_EXPECT_NE(test, 0, acs);
	KUNIT_EXPECT_EQ(test, 0, ari);
}

/* Nothing below a port that was reset: it would be taken for what was there. */
static void lose_buses(struct kunit *test)
{
	struct model *model = test->priv;
	unsigned int bus;

	model->port[PCI_SECONDARY_BUS] = 0;
	model->port[PCI_SUBORDINATE_BUS] = 0;
	enumerate(test);
	KUNIT_EXPECT_NOT_NULL(test, find(0, PORT_DEVFN));
	for (bus = 1; bus < 256; bus++)
		KUNIT_EXPECT_NULL(test, find(bus, 0));
}

/* What is found later in the place of a device that is finished */
static void expect_not_awaited(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev;

	pci_lock_rescan_remove();
	pci_rescan_bus(model->root);
	pci_unlock_rescan_remove();
	pdev = find(BELOW, 0);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pdev));
}

/* A device is kept awake until it is finished, and so are the ports above. */
static void finish_device(struct kunit *test)
{
	struct pci_dev *pdev = enumerate(test), *port = find(0, PORT_DEVFN);
	int users;

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	users = atomic_read(&pdev->dev.power.usage_count);
	pci_liveupdate_finish(DOMAIN, DEVICE_SID);
	KUNIT_EXPECT_EQ(test, users - 1,
			atomic_read(&pdev->dev.power.usage_count));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pdev));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(port));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_may_bind(pdev));

	/* Once is enough. */
	pci_liveupdate_finish(DOMAIN, DEVICE_SID);
	KUNIT_EXPECT_EQ(test, users - 1,
			atomic_read(&pdev->dev.power.usage_count));

	remove_device(pdev);
	expect_not_awaited(test);
}

/* It is gone when it is finished. */
static void finish_removed(struct kunit *test)
{
	struct pci_dev *pdev = enumerate(test);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	remove_device(pdev);
	pci_liveupdate_finish(DOMAIN, DEVICE_SID);
	expect_not_awaited(test);
}

/* The port is above another device that is awaited. */
static void finish_one_of_two(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev, *port;

	model->records[0].refcount = 2;
	pdev = enumerate(test);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	port = find(0, PORT_DEVFN);
	pci_liveupdate_finish(DOMAIN, DEVICE_SID);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(pdev));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_incoming(port));
	KUNIT_EXPECT_EQ(test, 1, model->records[0].refcount);
}

/* Who enables a device to look at it, and disables it again, changes nothing. */
static void enable_unclaimed(struct kunit *test)
{
	struct pci_driver driver = {};
	struct model *model = test->priv;
	struct pci_dev *pdev = enumerate(test);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	/* Nobody has room for its BARs here. */
	pdev->resource[0].parent = &iomem_resource;
	pdev->resource[2].parent = &iomem_resource;
	KUNIT_EXPECT_EQ(test, 0, pci_enable_device_mem(pdev));
	pci_disable_device(pdev);
	KUNIT_EXPECT_EQ(test, 0, model->cleared);
	KUNIT_EXPECT_EQ(test, COMMAND, get_word(model->device, PCI_COMMAND));
	expect_messages(test, MSI_FLAGS, MSIX_FLAGS);

	/* A driver's is stopped, also if that has gone before. */
	pdev->driver = &driver;
	KUNIT_EXPECT_EQ(test, 0, pci_enable_device_mem(pdev));
	pdev->driver = NULL;
	pci_disable_device(pdev);
	KUNIT_EXPECT_EQ(test, PCI_COMMAND_MASTER, model->cleared);
	pdev->resource[0].parent = NULL;
	pdev->resource[2].parent = NULL;
}

/* It was gone by the time it was frozen: all bits of its registers were set. */
static void enumerate_dead(struct kunit *test)
{
	struct model *model = test->priv;
	unsigned int i;

	memset(model->records[1].bar, 0xff, sizeof(model->records[1].bar));
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		set_dword(model->device, PCI_BASE_ADDRESS_0 + 4 * i, ~0);
	set_dword(model->device, PCI_ROM_ADDRESS, ~0);
	model->records[1].bar[PCI_SER_ROM] &= ~PCI_ROM_ADDRESS_ENABLE;
	KUNIT_ASSERT_NOT_NULL(test, enumerate(test));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_incoming(find(BELOW, 0)));
	KUNIT_EXPECT_TRUE(test,
			  pci_liveupdate_is_incoming(find(0, PORT_DEVFN)));
}

/* A driver takes over what was handed over, and nothing else. */
static void retrieve_device(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev = enumerate(test);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	set_dword(model->device, PCI_BASE_ADDRESS_2, 0xfd100000);
	KUNIT_EXPECT_EQ(test, -ENXIO, pci_liveupdate_retrieve(pdev));
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_retrieved(pdev));

	set_dword(model->device, PCI_BASE_ADDRESS_2, bars[2]);
	KUNIT_EXPECT_EQ(test, 0, pci_liveupdate_retrieve(pdev));
	KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_retrieved(pdev));
	pci_liveupdate_finish(DOMAIN, DEVICE_SID);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_retrieved(pdev));
}

/* Who does not go on with messages has them disabled. */
static void drop_messages(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev = enumerate(test);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	pci_liveupdate_drop_messages(pdev);
	expect_messages(test, MSI_FLAGS & ~PCI_MSI_FLAGS_ENABLE,
			MSIX_FLAGS & ~PCI_MSIX_FLAGS_ENABLE);

	/* What somebody enables from there on is not the kernel's before. */
	set_word(model->device, MSIX_CAP + PCI_MSIX_FLAGS, MSIX_FLAGS);
	pci_liveupdate_drop_messages(pdev);
	KUNIT_EXPECT_EQ(test, MSIX_FLAGS,
			get_word(model->device, MSIX_CAP + PCI_MSIX_FLAGS));
}

/* What is handed over is what the next kernel is to find. */
static void freeze_device(struct kunit *test)
{
	struct model *model = test->priv;
	struct pci_dev *pdev, *port;
	u64 data;

	model->incoming = false;
	pdev = enumerate(test);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	port = find(0, PORT_DEVFN);
	KUNIT_ASSERT_EQ(test, 0, pci_liveupdate_start(&data));
	KUNIT_ASSERT_EQ(test, 0, pci_liveupdate_preserve(pdev));
	pdev->broken_intx_masking = 1;
	model->records[1].flags = PCI_SER_INTX_STAYS | PCI_SER_DEVICE;
	pci_liveupdate_freeze(pdev);
	KUNIT_EXPECT_MEMEQ(test, pdev->liveupdate_outgoing, &model->records[1],
			   sizeof(model->records[1]));
	KUNIT_EXPECT_MEMEQ(test, port->liveupdate_outgoing, &model->records[0],
			   sizeof(model->records[0]));
	pci_liveupdate_unfreeze(pdev);
	pci_liveupdate_unpreserve(pdev);
	pci_liveupdate_end();
}

static struct kunit_case enumeration_cases[] = {
	KUNIT_CASE(enumerate_incoming),
	KUNIT_CASE(enumerate_intx),
	KUNIT_CASE(enumerate_other),
	KUNIT_CASE(enumerate_changed),
	KUNIT_CASE(enumerate_replaced),
	KUNIT_CASE(enumerate_unmasked),
	KUNIT_CASE(keep_routing),
	KUNIT_CASE(change_routing),
	KUNIT_CASE(lose_buses),
	KUNIT_CASE(enumerate_dead),
	KUNIT_CASE(enable_unclaimed),
	KUNIT_CASE(finish_device),
	KUNIT_CASE(finish_removed),
	KUNIT_CASE(finish_one_of_two),
	KUNIT_CASE(retrieve_device),
	KUNIT_CASE(drop_messages),
	KUNIT_CASE(freeze_device),
	{}
};

static struct kunit_suite enumeration_suite = {
	.name = "pci_liveupdate_enumeration",
	.init = enumeration_init,
	.test_cases = enumeration_cases,
};

/*
 * What goes out, and lies about it
 */

/* More than fit into two pages */
#define NR_DEVICES	(2 * PCI_SER_PER_BLOCK + 3)

struct handover {
	struct pci_sysdata sysdata;
	struct pci_bus root;
	struct pci_bus bus;
	struct pci_dev port;
	struct pci_dev *devices;
	struct pci_ser *ser;
};

/* A page that was not preserved, or 0 */
static phys_addr_t not_preserved;

static bool is_preserved(phys_addr_t page)
{
	return page != not_preserved;
}

static struct kho_block_header_ser *block_of(const struct pci_ser *ser,
					     unsigned int i)
{
	struct kho_block_header_ser *block = phys_to_virt(ser->records);

	while (i--)
		block = phys_to_virt(block->next);

	return block;
}

static struct pci_dev_ser *record_of(const struct pci_ser *ser, unsigned int i)
{
	struct pci_dev_ser *first = (void *)(block_of(ser, 0) + 1);

	return first + i;
}

static void end_handover(void *unused)
{
	pci_liveupdate_end();
}

/* The devices have no more of PCI than what names them. */
static int handover_init(struct kunit *test)
{
	struct handover *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	unsigned int i;
	u64 data;
	int ret;

	if (!out)
		return -ENOMEM;
	out->devices = kunit_kcalloc(test, NR_DEVICES, sizeof(*out->devices),
				     GFP_KERNEL);
	if (!out->devices)
		return -ENOMEM;

	ret = pci_liveupdate_start(&data);
	if (ret)
		return ret;
	ret = kunit_add_action_or_reset(test, end_handover, NULL);
	if (ret)
		return ret;

	not_preserved = 0;
	out->ser = phys_to_virt(data);
	out->sysdata.domain = DOMAIN;
	out->root.sysdata = &out->sysdata;
	out->bus.sysdata = &out->sysdata;
	out->bus.number = BELOW;
	out->bus.parent = &out->root;
	out->bus.self = &out->port;
	out->port.bus = &out->root;
	for (i = 0; i < NR_DEVICES; i++) {
		out->devices[i].bus = &out->bus;
		out->devices[i].devfn = i;
		ret = pci_liveupdate_preserve(&out->devices[i]);
		if (ret)
			return ret;
	}
	test->priv = out;
	return 0;
}

static void handover_exit(struct kunit *test)
{
	struct handover *out = test->priv;
	unsigned int i;

	for (i = 0; out && i < NR_DEVICES; i++)
		if (pci_liveupdate_is_outgoing(&out->devices[i]))
			pci_liveupdate_unpreserve(&out->devices[i]);
}

static void expect_accepted(struct kunit *test, const struct pci_ser *ser)
{
	KUNIT_EXPECT_STREQ(test, "accepted",
			   pci_liveupdate_check(ser, is_preserved) ?:
			   "accepted");
}

static void count_devices(struct kunit *test)
{
	struct handover *out = test->priv;

	expect_accepted(test, out->ser);
	KUNIT_EXPECT_EQ(test, NR_DEVICES + 1, out->ser->nr_records);
	KUNIT_EXPECT_EQ(test, NR_DEVICES,
			out->port.liveupdate_outgoing->refcount);
	KUNIT_EXPECT_EQ(test, 1, out->devices[0].liveupdate_outgoing->refcount);
}

/* The place of a device that is not preserved any more is taken by another. */
static void reuse_places(struct kunit *test)
{
	struct handover *out = test->priv;
	struct pci_dev_ser *place = out->devices[7].liveupdate_outgoing;

	pci_liveupdate_unpreserve(&out->devices[7]);
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_outgoing(&out->devices[7]));
	KUNIT_EXPECT_EQ(test, NR_DEVICES - 1,
			out->port.liveupdate_outgoing->refcount);
	expect_accepted(test, out->ser);

	KUNIT_ASSERT_EQ(test, 0, pci_liveupdate_preserve(&out->devices[7]));
	KUNIT_EXPECT_PTR_EQ(test, place, out->devices[7].liveupdate_outgoing);
	KUNIT_EXPECT_EQ(test, NR_DEVICES + 1, out->ser->nr_records);
}

static void last_device(struct kunit *test)
{
	struct handover *out = test->priv;
	unsigned int i;

	for (i = 0; i < NR_DEVICES; i++) {
		KUNIT_EXPECT_TRUE(test, pci_liveupdate_is_outgoing(&out->port));
		pci_liveupdate_unpreserve(&out->devices[i]);
	}
	KUNIT_EXPECT_FALSE(test, pci_liveupdate_is_outgoing(&out->port));
	expect_accepted(test, out->ser);
}

/* What a device says that is gone is no matter to the others. */
static void one_is_dead(struct kunit *test)
{
	struct handover *out = test->priv;
	struct pci_dev_ser *record = record_of(out->ser, 1);

	memset(record->bar, 0xff, sizeof(record->bar));
	memcpy(record->size, sizes, sizeof(sizes));
	expect_accepted(test, out->ser);
}

static void lie_magic(struct pci_ser *ser)
{
	ser->magic++;
}

static void lie_version(struct pci_ser *ser)
{
	ser->version++;
}

static void lie_reserved(struct pci_ser *ser)
{
	ser->reserved = 1;
}

static void lie_more(struct pci_ser *ser)
{
	ser->nr_records++;
}

static void lie_none(struct pci_ser *ser)
{
	ser->records = 0;
}

static void lie_short(struct pci_ser *ser)
{
	block_of(ser, 1)->next = 0;
}

static void lie_itself(struct pci_ser *ser)
{
	block_of(ser, 0)->next = ser->records;
}

static void lie_loop(struct pci_ser *ser)
{
	block_of(ser, 2)->next = virt_to_phys(block_of(ser, 1));
}

static void lie_foreign(struct pci_ser *ser)
{
	not_preserved = virt_to_phys(block_of(ser, 1));
}

static void lie_empty(struct pci_ser *ser)
{
	block_of(ser, 1)->count = 0;
}

static void lie_full(struct pci_ser *ser)
{
	block_of(ser, 1)->count = PCI_SER_PER_BLOCK + 1;
}

static void lie_refcount(struct pci_ser *ser)
{
	record_of(ser, 1)->refcount = ser->nr_records + 1;
}

static void lie_flag(struct pci_ser *ser)
{
	record_of(ser, 1)->flags = PCI_SER_NO_AUTOPROBE << 1;
}

/* As if nothing were wrong with it yet */
static struct pci_dev_ser *with_bars(struct pci_ser *ser)
{
	struct pci_dev_ser *record = record_of(ser, 1);

	memcpy(record->bar, bars, sizeof(bars));
	memcpy(record->size, sizes, sizeof(sizes));

	return record;
}

static void no_lie(struct pci_ser *ser)
{
	with_bars(ser);
}

static void lie_size(struct pci_ser *ser)
{
	with_bars(ser)->size[2] = SZ_4K + 1;
}

static void lie_small(struct pci_ser *ser)
{
	with_bars(ser)->size[3] = 2;
}

static void lie_unaligned(struct pci_ser *ser)
{
	with_bars(ser)->bar[2] |= 0x800;
}

static void lie_large(struct pci_ser *ser)
{
	struct pci_dev_ser *record = with_bars(ser);

	record->bar[2] = 0;
	record->size[2] = SZ_4G;
}

static void lie_half(struct pci_ser *ser)
{
	with_bars(ser)->size[1] = SZ_4K;
}

static void lie_last(struct pci_ser *ser)
{
	struct pci_dev_ser *record = with_bars(ser);

	record->bar[5] = bars[0];
	record->size[5] = sizes[0];
}

static void lie_rom(struct pci_ser *ser)
{
	with_bars(ser)->size[PCI_SER_ROM] = SZ_1K;
}

static const struct lie {
	const char *name;
	void (*tell)(struct pci_ser *ser);
	const char *answer;
} lies[] = {
	{ "no lie", no_lie, "accepted" },
	{ "magic", lie_magic, "unknown format" },
	{ "version", lie_version, "unknown version" },
	{ "reserved field", lie_reserved, "unknown field" },
	{ "more records", lie_more, "bad number of records" },
	{ "no page", lie_none, "bad number of records" },
	{ "chain that ends early", lie_short, "bad number of records" },
	{ "page behind itself", lie_itself, "pages of records are a loop" },
	{ "page that comes again", lie_loop, "pages of records are a loop" },
	{ "page of somebody else", lie_foreign,
	  "a page of records is not preserved" },
	{ "page without records", lie_empty,
	  "bad number of records in a page" },
	{ "page with too many records", lie_full,
	  "bad number of records in a page" },
	{ "too many devices below", lie_refcount,
	  "more devices depend on one than there are" },
	{ "flag of a device", lie_flag, "unknown flag of a device" },
	{ "size", lie_size, "bad BAR" },
	{ "size below the least one", lie_small, "bad BAR" },
	{ "address", lie_unaligned, "bad BAR" },
	{ "size beyond 32 bits", lie_large, "BAR that is too large" },
	{ "upper half with a size", lie_half, "BAR without upper half" },
	{ "64-bit BAR at the end", lie_last, "BAR without upper half" },
	{ "expansion ROM", lie_rom, "bad expansion ROM" },
};

KUNIT_ARRAY_PARAM_DESC(lie, lies, name);

static void tell_lie(struct kunit *test)
{
	const struct lie *lie = test->param_value;
	struct handover *out = test->priv;
	struct pci_ser ser = *out->ser;
	const char *answer;

	lie->tell(&ser);
	answer = pci_liveupdate_check(&ser, is_preserved) ?:
		 pci_liveupdate_check_device(record_of(out->ser, 1));
	KUNIT_EXPECT_STREQ(test, lie->answer, answer ?: "accepted");
}

static struct kunit_case handover_cases[] = {
	KUNIT_CASE(count_devices),
	KUNIT_CASE(reuse_places),
	KUNIT_CASE(last_device),
	KUNIT_CASE(one_is_dead),
	KUNIT_CASE_PARAM(tell_lie, lie_gen_params),
	{}
};

static struct kunit_suite handover_suite = {
	.name = "pci_liveupdate_handover",
	.init = handover_init,
	.exit = handover_exit,
	.test_cases = handover_cases,
};

kunit_test_suites(&enumeration_suite, &handover_suite);
