// SPDX-License-Identifier: GPL-2.0
/*
 * World for tests of the driver: PCI devices
 *
 * They are on no bus that anybody else knows of; the driver probes and
 * releases them as it does others.
 */

#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "attach_world.h"

/* Capabilities in a device's configuration space */
#define WORLD_PASID_CAP	0x40
#define WORLD_ATS_CAP	0x50
#define WORLD_EXP_CAP	0x60

/* How many invalidations a device can queue */
#define WORLD_QDEP	7
/* A device that must be told twice */
#define WORLD_TWICE_ID	0x4940
#define WORLD_ALIAS_DEVFN PCI_DEVFN(31, 7)

static int config_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *val)
{
	struct world_pci *pci = container_of(bus, struct world_pci, bus);

	*val = 0;
	if (where + size > WORLD_CONFIG_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	memcpy(val, &pci->config[where], size);
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 val)
{
	struct world_pci *pci = container_of(bus, struct world_pci, bus);

	if (where + size > WORLD_CONFIG_SIZE)
		return PCIBIOS_BAD_REGISTER_NUMBER;
	memcpy(&pci->config[where], &val, size);
	if (where == WORLD_ATS_CAP + PCI_ATS_CTRL)
		unit_ats_changed(&pci->world->machine);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops world_pci_ops = {
	.read = config_read,
	.write = config_write,
};

static void config_set(struct world_pci *pci, unsigned int where, u16 val)
{
	memcpy(&pci->config[where], &val, sizeof(val));
}

static const char * const names[WORLD_NUM_DEVICES] = {
	[WORLD_DEVICE] = "device",
	[WORLD_OLD_SHARER] = "sharer of old",
	[WORLD_NEW_SHARER] = "sharer of new",
	[WORLD_FAR_OLD] = "far sharer of old",
	[WORLD_FAR_NEW] = "far sharer of new",
};

/**
 * world_device_name - the name of a device
 * @which: the device
 *
 * Context: Any.
 * Return: the name.
 */
const char *world_device_name(enum world_device which)
{
	return names[which];
}

static void fill_config(struct attach_world *world, struct world_pci *pci)
{
	/* Enough for the PASIDs that tests use */
	unsigned int width = max(8, fls(world->config.pasid));

	config_set(pci, PCI_VENDOR_ID, PCI_VENDOR_ID_INTEL);
	config_set(pci, PCI_DEVICE_ID, 1);
	config_set(pci, WORLD_PASID_CAP + PCI_PASID_CAP,
		   FIELD_PREP(PCI_PASID_CAP_WIDTH, width));
	config_set(pci, WORLD_ATS_CAP + PCI_ATS_CAP,
		   PCI_ATS_CAP_PAGE_ALIGNED | WORLD_QDEP);
}

static void fill_device(struct attach_world *world, struct world_pci *pci,
			unsigned int bus, unsigned int devfn, const char *name)
{
	struct pci_dev *pdev = &pci->pdev;

	pci->world = world;
	pci->bus.number = bus;
	pci->bus.ops = &world_pci_ops;
	pci->bus.sysdata = &pci->sysdata;
	pci->sysdata.domain = pci->unit->iommu.segment;

	pdev->bus = &pci->bus;
	pdev->sysdata = &pci->sysdata;
	pdev->devfn = devfn;
	pdev->vendor = PCI_VENDOR_ID_INTEL;
	pdev->device = world->config.tell_twice ? WORLD_TWICE_ID : 1;
	pdev->pasid_cap = WORLD_PASID_CAP;
	pdev->ats_cap = world->config.ats ? WORLD_ATS_CAP : 0;
	pdev->pcie_cap = WORLD_EXP_CAP;
	pdev->pcie_flags_reg = FIELD_PREP(PCI_EXP_FLAGS_TYPE,
					  PCI_EXP_TYPE_RC_END);
	pdev->eetlp_prefix_max = 1;
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.init_name = name;
	pdev->dev.iommu = &pci->iommu;
	set_dev_node(&pdev->dev, NUMA_NO_NODE);
	fill_config(world, pci);
}

/* A virtual function has its PASIDs and page size of ATS from the physical one. */
static void make_virtual(struct attach_world *world, struct world_pci *pci)
{
	struct world_pci *physical = &world->physical;

	physical->unit = pci->unit;
	fill_device(world, physical, pci->bus.number, PCI_DEVFN(0, 5),
		    "physical function");
	physical->pdev.ats_stu = VTD_PAGE_SHIFT;
	physical->pdev.pasid_enabled = 1;
	pci->pdev.is_virtfn = 1;
	pci->pdev.physfn = &physical->pdev;
	pci->function.pfsid = pci_dev_id(&physical->pdev);
	/* It shares the queue of the physical one. */
	pci->function.qdep = 0;
}

static void make_alias(struct attach_world *world, struct world_pci *pci)
{
	unsigned int devfn = WORLD_ALIAS_DEVFN;

	if (world->config.alias == WORLD_NO_ALIAS)
		return;
	if (world->config.alias == WORLD_ALIAS_DEVICE)
		devfn = PCI_DEVFN(WORLD_OLD_SHARER + 1, 0) | 0x80;

	pci->pdev.dma_alias_mask = bitmap_zalloc(256, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(world->test, pci->pdev.dma_alias_mask);
	set_bit(devfn, pci->pdev.dma_alias_mask);
}

/* Its requests are the endpoint's. */
static void make_subdevice(struct attach_world *world, struct world_pci *pci)
{
#if IS_ENABLED(CONFIG_VMD)
	pci->sysdata.vmd_dev = &world->pci[WORLD_DEVICE].pdev;
#endif
}

/**
 * world_pci_make - make a device that the driver does not know yet
 * @world: the world
 * @which: which
 *
 * Context: May sleep.
 */
void world_pci_make(struct attach_world *world, enum world_device which)
{
	bool far = which == WORLD_FAR_OLD || which == WORLD_FAR_NEW;
	/* Scalable mode has a context table for each half of a bus. */
	unsigned int devfn = PCI_DEVFN(which + 1, 0) | (which & 1 ? 0x80 : 0);
	struct world_pci *pci = &world->pci[which];
	unsigned int bus = which + 1;

	if (world->config.alias == WORLD_ALIAS_DEVICE)
		bus = 1;
	pci->unit = &world->unit[far];
	fill_device(world, pci, bus, devfn, names[which]);
	pci->function = (struct unit_function){
		.name = names[which],
		.sid = PCI_DEVID(bus, devfn),
		.qdep = WORLD_QDEP,
		.tell_twice = world->config.tell_twice,
	};
	if (world->config.throttled)
		pci->function.pfsid = pci->function.sid;
	if (world->config.ats)
		pci->function.ats_ctrl =
			(const u16 *)&pci->config[WORLD_ATS_CAP + PCI_ATS_CTRL];
	if (which == WORLD_NEW_SHARER && world->config.subdevice)
		make_subdevice(world, pci);
	if (which != WORLD_DEVICE)
		return;
	if (world->config.throttled && IS_ENABLED(CONFIG_PCI_IOV))
		make_virtual(world, pci);
	make_alias(world, pci);
}

/**
 * world_pci_split - have a device ask for translations of less than a page
 * @pci: the device
 *
 * Context: Any.
 */
void world_pci_split(struct world_pci *pci)
{
	config_set(pci, WORLD_ATS_CAP + PCI_ATS_CAP, WORLD_QDEP);
}

/**
 * world_pci_come_in - have a device as PCI leaves one that was handed over
 * @pci: the device, which the driver does not know yet
 *
 * Context: Any.
 */
void world_pci_come_in(struct world_pci *pci)
{
	config_set(pci, WORLD_ATS_CAP + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
	pci->pdev.ats_enabled = 1;
	pci->pdev.ats_stu = PCI_ATS_MIN_STU;
#ifdef CONFIG_PCI_LIVEUPDATE
	pci->pdev.liveupdate_incoming = 1;
#endif
}

/**
 * world_pci_probe - let the driver know of a device
 * @world: the world
 * @pci: the device
 *
 * Context: May sleep.
 * Return: 0 or a negative error.
 */
int world_pci_probe(struct attach_world *world, struct world_pci *pci)
{
	struct device *dev = &pci->pdev.dev;
	struct iommu_device *found;

	/* As the core does */
	scoped_guard(mutex, &iommu_probe_device_lock)
		found = intel_iommu_ops.probe_device(dev);
	if (IS_ERR(found))
		return PTR_ERR(found);
	if (found != &pci->unit->iommu.iommu)
		return -EXDEV;

	driver_hide_from_debugfs(dev);
	intel_iommu_ops.probe_finalize(dev);
	pci->probed = true;
	return 0;
}

/**
 * world_pci_release - have the driver forget a device
 * @world: the world
 * @pci: the device
 *
 * Context: May sleep.
 */
void world_pci_release(struct attach_world *world, struct world_pci *pci)
{
	if (!pci->probed)
		return;
	pci->probed = false;
	intel_iommu_ops.release_device(&pci->pdev.dev);
	scoped_guard(mutex, &iommu_probe_device_lock)
		dev_iommu_priv_set(&pci->pdev.dev, NULL);
}

/**
 * world_info - the driver's record of a device
 * @pci: the device, which it has probed
 *
 * Context: Any.
 * Return: the record.
 */
struct device_domain_info *world_info(const struct world_pci *pci)
{
	return dev_iommu_priv_get((struct device *)&pci->pdev.dev);
}

static struct unit_requester *make_requester(struct attach_world *world,
					     struct world_requester *req,
					     u16 sid)
{
	struct unit_requester *seen = kzalloc_obj(*seen);

	KUNIT_ASSERT_NOT_NULL(world->test, seen);
	seen->function = &req->pci->function;
	seen->sid = sid;
	seen->pasid = req->pasid;
	unit_add_requester(req->pci->unit->model, seen);
	return seen;
}

/**
 * world_pci_requesters - have all devices send requests
 * @world: the world
 *
 * Context: May sleep.
 */
void world_pci_requesters(struct attach_world *world)
{
	struct world_requester *req;
	unsigned int i;

	for (i = 0; i < WORLD_NUM_DEVICES; i++) {
		req = &world->requester[i];
		if (!req->pci || (i == WORLD_NEW_SHARER &&
				  world->config.subdevice))
			continue;
		req->seen = make_requester(world, req, req->pci->function.sid);
		if (i == WORLD_DEVICE && world->config.alias == WORLD_ALIAS)
			req->alias = make_requester(world, req,
						    PCI_DEVID(req->pci->bus.number,
							      WORLD_ALIAS_DEVFN));
	}
}
