// SPDX-License-Identifier: GPL-2.0
/*
 * A unit, devices behind it and domains for them, for tests of the attach path
 *
 * Everything that the driver looks at is real, except that the devices are on
 * no bus that anybody knows of. Domains are made by the driver's own operations
 * and mapped and unmapped by the iommu core.
 */

#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/mman.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "attach_world.h"
#include "../../entry_sync.h"
#include "../ats.h"
#include "../context.h"
#include "../did.h"
#include "../iommu.h"
#include "../pasid.h"
#include "../../iommu-pages.h"

/* Capabilities: 4-level tables, 48 bits, page-selective invalidation */
#define WORLD_CAP	(BIT_ULL(39) | 18ULL << 48 | 47ULL << 16 | BIT_ULL(10) | 6)
#define WORLD_CAP_CM	BIT_ULL(7)
#define WORLD_CAP_SAGAW	GENMASK_ULL(12, 8)
/* Queue, device TLBs, pass-through, snoop control */
#define WORLD_ECAP	(BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(6) | BIT_ULL(7))
#define WORLD_ECAP_C	BIT_ULL(0)
/* Scalable mode with both stages, nesting and PASIDs */
#define WORLD_ECAP_NEST	BIT_ULL(26)
#define WORLD_ECAP_SM	(BIT_ULL(43) | BIT_ULL(40) | WORLD_ECAP_FLTS | \
			 WORLD_ECAP_SLADS | WORLD_ECAP_SLTS | WORLD_ECAP_NEST)
#define WORLD_ECAP_SLADS BIT_ULL(45)
#define WORLD_ECAP_SLTS	BIT_ULL(46)
#define WORLD_ECAP_FLTS	BIT_ULL(47)
#define WORLD_ECAP_SMPWC BIT_ULL(48)

/* Few, so that a test can use all of them */
#define WORLD_NUM_DIDS	16

/* Capabilities in a device's configuration space */
#define WORLD_PASID_CAP	0x40
#define WORLD_ATS_CAP	0x50

/* Where guests have their tables and data, in addresses of the parent */
#define WORLD_GPA_TABLE	0x40000000ULL
#define WORLD_GPA_DATA	0x80000000ULL
#define WORLD_GPA_SIZE	0x00010000ULL

#define WORLD_PTE	(BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(5))

static const u64 world_page[UNIT_NUM_PAGES] = {
	[UNIT_PAGE_KEPT] = 0x10000000,
	[UNIT_PAGE_VICTIM] = 0x10001000,
	[UNIT_PAGE_HOLE] = 0x10002000,
};

static const char * const world_name[WORLD_NUM_DOMAINS] = {
	[WORLD_BLOCKED] = "blocked",
	[WORLD_FS] = "fs",
	[WORLD_FS_OTHER] = "fs-other",
	[WORLD_SS] = "ss",
	[WORLD_PARENT] = "ss-parent",
	[WORLD_NESTED] = "nested",
	[WORLD_NESTED_SIBLING] = "nested-sibling",
	[WORLD_NESTED_OTHER] = "nested-other",
	[WORLD_SVA] = "sva",
	[WORLD_IDENTITY] = "identity",
	[WORLD_PARENT_OTHER] = "other-parent",
	[WORLD_PRIVATE] = "private",
};

/* Number of the guest whose table a nested domain has */
static unsigned int guest_of(enum world_kind kind)
{
	return kind - WORLD_NESTED;
}

static u64 guest_table_gpa(unsigned int guest, unsigned int index)
{
	return WORLD_GPA_TABLE + guest * WORLD_GPA_SIZE + index * SZ_4K;
}

static u64 guest_data_gpa(unsigned int guest, enum unit_page page)
{
	return WORLD_GPA_DATA + guest * WORLD_GPA_SIZE + page * SZ_4K;
}

/* Nobody reads or writes there: any address that says whose it is. */
static u64 world_out(enum world_kind kind, enum unit_page page)
{
	return ((u64)kind + 1) << 32 | page * SZ_4K;
}

static u64 guest_out(enum world_kind parent, unsigned int guest,
		     enum unit_page page)
{
	return world_out(parent, page) | (guest + 1) * WORLD_GPA_SIZE;
}

/*
 * Devices
 */

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

static void make_pci(struct attach_world *world, struct world_pci *pci,
		     unsigned int index)
{
	struct pci_dev *pdev = &pci->pdev;

	config_set(pci, PCI_VENDOR_ID, PCI_VENDOR_ID_INTEL);
	config_set(pci, PCI_DEVICE_ID, 1);
	config_set(pci, WORLD_PASID_CAP + PCI_PASID_CAP,
		   FIELD_PREP(PCI_PASID_CAP_WIDTH, 8));
	config_set(pci, WORLD_ATS_CAP + PCI_ATS_CAP, PCI_ATS_CAP_PAGE_ALIGNED);

	pci->bus.number = index + 1;
	pci->bus.ops = &world_pci_ops;
	pci->bus.sysdata = &pci->sysdata;

	pdev->bus = &pci->bus;
	pdev->sysdata = &pci->sysdata;
	pdev->devfn = PCI_DEVFN(index, 0);
	pdev->pasid_cap = WORLD_PASID_CAP;
	pdev->ats_cap = world->config.ats ? WORLD_ATS_CAP : 0;
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.init_name = "model";
	pdev->dev.iommu = &pci->iommu;
	pci->iommu.priv = &pci->info;
}

/* What the driver does when it probes a device */
static void probe(struct attach_world *world, struct world_pci *pci)
{
	struct device_domain_info *info = &pci->info;
	struct kunit *test = world->test;

	info->dev = &pci->pdev.dev;
	info->iommu = &world->iommu;
	info->bus = pci->bus.number;
	info->devfn = pci->pdev.devfn;
	info->ats_supported = world->config.ats;
	info->pasid_supported = world->config.scalable;
	info->pasid_enabled = world->config.scalable;
	/* No directory of its own in debugfs, nor of its PASIDs */
	info->debugfs_dentry = ERR_PTR(-ENODEV);
	xa_init(&info->attachments);
	mutex_init(&info->entry_lock);

	if (!world->config.scalable)
		return;
	KUNIT_ASSERT_EQ(test, intel_pasid_alloc_table(info->dev), 0);
	KUNIT_ASSERT_EQ(test, intel_pasid_setup_sm_context(info->dev), 0);
	iommu_enable_pci_ats(info);
}

/*
 * Domains
 */

static struct iommu_domain *alloc_paging(struct attach_world *world, bool fs,
					 u32 flags)
{
	struct intel_iommu *iommu = &world->iommu;
	struct iommu_domain *domain;
	u64 ecap = iommu->ecap;

	/* The driver prefers the first stage where it can have it. */
	if (!fs)
		iommu->ecap &= ~WORLD_ECAP_FLTS;
	domain = intel_iommu_ops.domain_alloc_paging_flags(&world->pci[0].pdev.dev,
							   flags, NULL);
	iommu->ecap = ecap;
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, domain);

	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = &intel_iommu_ops;
	return domain;
}

static void world_map(struct attach_world *world, struct iommu_domain *domain,
		      u64 addr, u64 out)
{
	KUNIT_ASSERT_EQ(world->test,
			iommu_map(domain, addr, out, SZ_4K,
				  IOMMU_READ | IOMMU_WRITE, GFP_KERNEL), 0);
}

static void add_domain(struct attach_world *world, enum world_kind kind,
		       struct iommu_domain *domain)
{
	world->domain[kind].domain = domain;
	world->domain[kind].grant.name = world_name[kind];
}

static void add_paging(struct attach_world *world, enum world_kind kind,
		       bool fs, u32 flags)
{
	struct iommu_domain *domain = alloc_paging(world, fs, flags);
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);
	struct world_domain *wd = &world->domain[kind];
	struct pt_iommu_x86_64_hw_info first;
	struct pt_iommu_vtdss_hw_info second;
	enum unit_page page;

	add_domain(world, kind, domain);
	wd->mapped = domain;
	for (page = 0; page < UNIT_PAGE_HOLE; page++) {
		wd->addr[page] = world_page[page];
		wd->grant.out[page] = world_out(kind, page);
		world_map(world, domain, wd->addr[page], wd->grant.out[page]);
	}

	if (fs) {
		pt_iommu_x86_64_hw_info(&dmar_domain->fspt, &first);
		unit_add_table(&world->unit, first.gcr3_pt, UNIT_STAGE_FS,
			       first.levels);
	} else {
		pt_iommu_vtdss_hw_info(&dmar_domain->sspt, &second);
		unit_add_table(&world->unit, second.ssptptr, UNIT_STAGE_SS,
			       second.aw + 2);
	}
}

static void make_guest_table(struct attach_world *world, unsigned int guest)
{
	unsigned int shift = PAGE_SHIFT + 9 * (WORLD_GUEST_LEVELS - 1);
	u64 **table = world->guest_table[guest];
	enum unit_page page;
	unsigned int i;

	for (i = 0; i < WORLD_GUEST_LEVELS; i++) {
		table[i] = iommu_alloc_pages_sz(GFP_KERNEL, SZ_4K);
		KUNIT_ASSERT_NOT_NULL(world->test, table[i]);
	}
	/* The pages that are mapped share all tables. */
	for (i = 0; i + 1 < WORLD_GUEST_LEVELS; i++, shift -= 9)
		table[i][(world_page[0] >> shift) & 511] =
			guest_table_gpa(guest, i + 1) | WORLD_PTE;
	for (page = 0; page < UNIT_PAGE_HOLE; page++)
		table[i][(world_page[page] >> PAGE_SHIFT) & 511] =
			guest_data_gpa(guest, page) | WORLD_PTE;

	unit_add_table(&world->unit, guest_table_gpa(guest, 0),
		       UNIT_STAGE_GUEST, WORLD_GUEST_LEVELS);
}

/* Each parent has all guests' tables, so that a walk always gets somewhere. */
static void map_guests(struct attach_world *world, enum world_kind parent)
{
	struct iommu_domain *domain = world->domain[parent].domain;
	unsigned int guest, i;
	enum unit_page page;

	for (guest = 0; guest < WORLD_NUM_GUESTS; guest++) {
		for (i = 0; i < WORLD_GUEST_LEVELS; i++)
			world_map(world, domain, guest_table_gpa(guest, i),
				  virt_to_phys(world->guest_table[guest][i]));
		for (page = 0; page < UNIT_PAGE_HOLE; page++)
			world_map(world, domain, guest_data_gpa(guest, page),
				  guest_out(parent, guest, page));
	}
}

/* The driver reads what describes a guest's table from user memory. */
static void add_nested(struct attach_world *world, enum world_kind kind,
		       enum world_kind parent, unsigned long user)
{
	struct world_domain *wd = &world->domain[kind];
	unsigned int guest = guest_of(kind);
	struct iommu_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = guest_table_gpa(guest, 0),
		.addr_width = ADDR_WIDTH_4LEVEL,
	};
	struct iommu_user_data data = {
		.type = IOMMU_HWPT_DATA_VTD_S1,
		.uptr = (void __user *)user,
		.len = sizeof(s1),
	};
	struct iommu_domain *domain;
	enum unit_page page;

	KUNIT_ASSERT_EQ(world->test,
			copy_to_user(data.uptr, &s1, sizeof(s1)), 0);
	domain = intel_iommu_ops.domain_alloc_nested(&world->pci[0].pdev.dev,
						     world->domain[parent].domain,
						     0, &data);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, domain);
	domain->owner = &intel_iommu_ops;

	add_domain(world, kind, domain);
	wd->mapped = world->domain[parent].domain;
	for (page = 0; page < UNIT_PAGE_HOLE; page++) {
		wd->addr[page] = guest_data_gpa(guest, page);
		wd->grant.out[page] = guest_out(parent, guest, page);
	}
}

static unsigned long user_map(struct attach_world *world, unsigned long addr,
			      unsigned long size)
{
	unsigned long flags = MAP_ANONYMOUS | MAP_PRIVATE;

	addr = kunit_vm_mmap(world->test, NULL, addr, size,
			     PROT_READ | PROT_WRITE,
			     addr ? flags | MAP_FIXED : flags, 0);
	KUNIT_ASSERT_FALSE(world->test, !addr || IS_ERR_VALUE(addr));
	return addr;
}

static void make_nested(struct attach_world *world)
{
	unsigned long user = user_map(world, 0, SZ_4K);
	unsigned int guest;

	for (guest = 0; guest < WORLD_NUM_GUESTS; guest++)
		make_guest_table(world, guest);
	map_guests(world, WORLD_PARENT);
	map_guests(world, WORLD_PARENT_OTHER);
	add_nested(world, WORLD_NESTED, WORLD_PARENT, user);
	add_nested(world, WORLD_NESTED_SIBLING, WORLD_PARENT, user);
	add_nested(world, WORLD_NESTED_OTHER, WORLD_PARENT_OTHER, user);
}

/* What the iommu core does, but for the test's own address space */
static void make_sva(struct attach_world *world)
{
	struct world_domain *wd = &world->domain[WORLD_SVA];
	struct kunit *test = world->test;
	struct iommu_domain *domain;
	enum unit_page page;
	struct page *user;

	user_map(world, world_page[0], UNIT_PAGE_HOLE * SZ_4K);
	for (page = 0; page < UNIT_PAGE_HOLE; page++) {
		KUNIT_ASSERT_EQ(test,
				pin_user_pages_fast(world_page[page], 1,
						    FOLL_WRITE, &user), 1);
		wd->grant.out[page] = page_to_phys(user);
		unpin_user_page(user);
	}

	world->iommu.flags |= VTD_FLAG_SVM_CAPABLE;
	domain = intel_iommu_ops.domain_alloc_sva(&world->pci[0].pdev.dev,
						  current->mm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	domain->type = IOMMU_DOMAIN_SVA;
	domain->cookie_type = IOMMU_COOKIE_SVA;
	domain->owner = &intel_iommu_ops;
	domain->mm = current->mm;
	mmgrab(domain->mm);

	add_domain(world, WORLD_SVA, domain);
	unit_add_table(&world->unit, __pa(current->mm->pgd), UNIT_STAGE_FS,
		       cpu_feature_enabled(X86_FEATURE_LA57) ? 5 : 4);
}

static bool sva_possible(const struct world_config *config)
{
	return IS_ENABLED(CONFIG_INTEL_IOMMU_SVM) && config->ats &&
	       config->pasid != IOMMU_NO_PASID && !config->incoherent;
}

static bool has_dirty(const struct attach_world *world)
{
	const struct intel_iommu *iommu = &world->iommu;

	return ssads_supported(iommu);
}

static void make_domains(struct attach_world *world)
{
	u32 parent = world->config.scalable ? IOMMU_HWPT_ALLOC_NEST_PARENT : 0;
	u32 dirty = has_dirty(world) ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0;
	struct unit_grant *grant = &world->domain[WORLD_IDENTITY].grant;
	bool fs = world->config.scalable;
	enum unit_page page;

	add_domain(world, WORLD_BLOCKED, intel_iommu_ops.blocked_domain);
	add_domain(world, WORLD_IDENTITY, intel_iommu_ops.identity_domain);
	for (page = 0; page < UNIT_NUM_PAGES; page++)
		grant->out[page] = world_page[page];

	add_paging(world, WORLD_PRIVATE, fs, 0);
	add_paging(world, WORLD_SS, false, 0);
	add_paging(world, WORLD_PARENT, false, parent | dirty);
	if (!fs)
		return;

	add_paging(world, WORLD_FS, true, 0);
	add_paging(world, WORLD_FS_OTHER, true, 0);
	add_paging(world, WORLD_PARENT_OTHER, false, parent);
	make_nested(world);
	if (sva_possible(&world->config))
		make_sva(world);
}

/*
 * The world
 */

static void set_capabilities(struct attach_world *world)
{
	const struct world_config *config = &world->config;
	struct intel_iommu *iommu = &world->iommu;

	iommu->cap = WORLD_CAP | (config->caching_mode ? WORLD_CAP_CM : 0);
	iommu->ecap = WORLD_ECAP;
	if (config->scalable)
		iommu->ecap |= WORLD_ECAP_SM;
	if (!config->incoherent)
		iommu->ecap |= WORLD_ECAP_C | WORLD_ECAP_SMPWC;
}

static void make_unit(struct attach_world *world)
{
	const struct world_config *config = &world->config;
	struct intel_iommu *iommu = &world->iommu;

	set_capabilities(world);
	iommu->gcmd = DMA_GCMD_TE;
	iommu->agaw = 2;
	iommu->msagaw = 2;
	iommu->max_domain_id = WORLD_NUM_DIDS;
	iommu->qi = &world->qi;
	iommu->node = NUMA_NO_NODE;
	strscpy(iommu->name, "model");
	mutex_init(&iommu->did_lock);
	ida_init(&iommu->domain_ida);
	spin_lock_init(&iommu->lock);
	iommu->root_entry = iommu_alloc_pages_sz(GFP_KERNEL, SZ_4K);
	KUNIT_ASSERT_NOT_NULL(world->test, iommu->root_entry);

	world->unit.iommu = iommu;
	world->unit.quantum_words = config->quantum_words;
	memcpy(world->unit.page, world_page, sizeof(world_page));
}

static void free_unit(struct intel_iommu *iommu)
{
	unsigned int bus;

	for (bus = 0; iommu->root_entry && bus <= WORLD_NUM_DEVICES; bus++)
		if (iommu->root_entry[bus].lo & BIT_ULL(0))
			iommu_free_pages(phys_to_virt(iommu->root_entry[bus].lo &
						      VTD_PAGE_MASK));
	iommu_free_pages(iommu->root_entry);
	ida_destroy(&iommu->domain_ida);
}

static void attach_world_free(void *data)
{
	struct attach_world *world = data;
	unsigned int i, j;

	/* Nested domains stand behind their parents. */
	for (i = WORLD_NUM_DOMAINS; i--;)
		if (world->domain[i].domain && i != WORLD_BLOCKED &&
		    i != WORLD_IDENTITY && i != WORLD_PARENT_OTHER)
			iommu_domain_free(world->domain[i].domain);
	if (world->domain[WORLD_PARENT_OTHER].domain)
		iommu_domain_free(world->domain[WORLD_PARENT_OTHER].domain);

	for (i = 0; i < WORLD_NUM_GUESTS; i++)
		for (j = 0; j < WORLD_GUEST_LEVELS; j++)
			iommu_free_pages(world->guest_table[i][j]);
	for (i = 0; i < WORLD_NUM_DEVICES; i++)
		intel_pasid_free_table(&world->pci[i].pdev.dev);
	free_unit(&world->iommu);
}

static void block_all(void *data)
{
	struct attach_world *world = data;
	unsigned int i;

	for (i = 0; i < WORLD_NUM_DEVICES; i++)
		world_attach(world, i, WORLD_BLOCKED);
}

/**
 * attach_world_make - make a world that lasts as long as the test
 * @test: the test
 * @config: properties of the unit and its devices
 *
 * The test is skipped where kernel or CPU cannot have such a unit.
 *
 * Return: the world, with all devices blocked.
 */
struct attach_world *attach_world_make(struct kunit *test,
				       const struct world_config *config)
{
	static const char * const names[] = {
		"device", "sharer of old", "sharer of new",
	};
	struct attach_world *world;
	unsigned int i;

	if (config->scalable && !intel_iommu_sm)
		kunit_skip(test, "the kernel does not use scalable mode");
	if (entry_sync_quantum_words(2) < config->quantum_words)
		kunit_skip(test, "the CPU has no 16-byte store");

	world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, world);
	world->test = test;
	world->config = *config;
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, attach_world_free, world),
			0);

	make_unit(world);
	unit_start(test, &world->unit);
	for (i = 0; i < WORLD_NUM_DEVICES; i++) {
		make_pci(world, &world->pci[i], i);
		probe(world, &world->pci[i]);
		world->requester[i].pci = &world->pci[i];
		world->requester[i].pasid = config->pasid;
	}
	if (config->same_device) {
		world->requester[WORLD_OLD_SHARER].pci = &world->pci[0];
		world->requester[WORLD_OLD_SHARER].pasid =
			config->pasid == IOMMU_NO_PASID ? 5 : IOMMU_NO_PASID;
	}
	for (i = 0; i < WORLD_NUM_DEVICES; i++)
		unit_add_device(&world->unit, &world->requester[i].pci->info,
				names[i], world->requester[i].pasid);
	make_domains(world);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, block_all, world),
			0);
	return world;
}

/**
 * world_has - whether a device can be attached to something
 * @world: the world
 * @kind: to what
 *
 * Return: whether it can.
 */
bool world_has(const struct attach_world *world, enum world_kind kind)
{
	return world->domain[kind].domain;
}

/**
 * world_can_attach - whether a requester can be attached to something
 * @world: the world
 * @which: the requester
 * @kind: to what
 *
 * Return: false for SVA without PASID.
 */
bool world_can_attach(const struct attach_world *world,
		      enum world_device which, enum world_kind kind)
{
	return world_has(world, kind) &&
	       (kind != WORLD_SVA ||
		world->requester[which].pasid != IOMMU_NO_PASID);
}

static const struct unit_grant *grant_of(struct attach_world *world,
					 enum world_kind kind)
{
	return kind == WORLD_BLOCKED ? NULL : &world->domain[kind].grant;
}

static int attach_by(struct attach_world *world, struct world_requester *req,
		     enum world_kind kind)
{
	struct iommu_domain *old = world->domain[req->kind].domain;
	struct iommu_domain *new = world->domain[kind].domain;
	struct device *dev = &req->pci->pdev.dev;

	if (req->pasid == IOMMU_NO_PASID)
		return intel_iommu_attach_device(new, dev, old);

	/* The core knows no PASID that is attached to the blocked domain. */
	return intel_iommu_set_dev_pasid(new, dev, req->pasid,
					 req->kind == WORLD_BLOCKED ? NULL : old);
}

/**
 * world_attach - attach a requester
 * @world: the world
 * @which: the requester
 * @kind: to what
 *
 * Return: how it went.
 */
struct world_result world_attach(struct attach_world *world,
				 enum world_device which,
				 enum world_kind kind)
{
	const struct unit_grant *old, *new = grant_of(world, kind);
	struct unit_device *ud = &world->unit.device[which];
	struct world_requester *req = &world->requester[which];
	struct world_result result;

	old = grant_of(world, req->kind);
	unit_change_begin(&world->unit, ud, old, new);
	result.ret = attach_by(world, req, kind);
	result.fault = ud->fault;
	result.counts = world->unit.counts;
	if (result.ret)
		new = old;
	else
		req->kind = kind;

	unit_change_end(&world->unit, ud, new);
	result.served = !ud->fault && new &&
			unit_translates(&world->unit, ud, UNIT_PAGE_KEPT,
					new->out[UNIT_PAGE_KEPT]);
	return result;
}

/*
 * Unmapping
 */

static void unmap_begin(struct attach_world *world, struct world_domain *wd)
{
	iommu_iotlb_gather_init(&world->gather);
	iommu_unmap_fast(wd->mapped, wd->addr[UNIT_PAGE_VICTIM], SZ_4K,
			 &world->gather);
	world->unmapping = true;
}

static void unmap_end(struct attach_world *world, struct world_domain *wd)
{
	iommu_iotlb_sync(wd->mapped, &world->gather);
	wd->grant.out[UNIT_PAGE_VICTIM] = 0;
	world->unmapping = false;
}

/* Somebody else unmaps the victim while the driver is at work. */
static bool unmap_on_event(struct unit_model *unit, bool queue_busy)
{
	struct attach_world *world =
		container_of(unit, struct attach_world, unit);

	if (world->event++ == world->unmap_at)
		unmap_begin(world, world->unmap_in);
	else if (!world->unmapping)
		return false;

	if (!queue_busy)
		unmap_end(world, world->unmap_in);
	return true;
}

/**
 * world_unmap_at - have the victim unmapped in the middle of what comes next
 * @world: the world
 * @kind: from what it is unmapped
 * @event: at the event of this number
 */
void world_unmap_at(struct attach_world *world, enum world_kind kind,
		    unsigned int event)
{
	world->unmap_in = &world->domain[kind];
	world->unmap_at = event;
	world->event = 0;
	world->unit.on_event = unmap_on_event;
}

/**
 * world_unmap_done - no more unmapping in the middle
 * @world: the world
 *
 * Return: whether it has come to it.
 */
bool world_unmap_done(struct attach_world *world)
{
	world->unit.on_event = NULL;
	unit_observe(&world->unit);
	return world->event > world->unmap_at;
}

/**
 * world_unmap - unmap the victim
 * @world: the world
 * @kind: from what
 */
void world_unmap(struct attach_world *world, enum world_kind kind)
{
	struct world_domain *wd = &world->domain[kind];

	if (!wd->mapped)
		return;
	unmap_begin(world, wd);
	unmap_end(world, wd);
	unit_observe(&world->unit);
}

/**
 * world_remap - map the victim again where it was unmapped
 * @world: the world
 */
void world_remap(struct attach_world *world)
{
	struct world_domain *wd;
	enum world_kind kind;
	u64 page_out;

	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		wd = &world->domain[kind];
		if (!wd->mapped || wd->grant.out[UNIT_PAGE_VICTIM])
			continue;
		page_out = wd->grant.out[UNIT_PAGE_KEPT] +
			   (UNIT_PAGE_VICTIM - UNIT_PAGE_KEPT) * SZ_4K;
		wd->grant.out[UNIT_PAGE_VICTIM] = page_out;
		world_map(world, wd->mapped, wd->addr[UNIT_PAGE_VICTIM],
			  page_out);
	}
}

/**
 * world_has_control - whether a domain has a control bit to switch
 * @world: the world
 * @kind: the domain
 *
 * Dirty tracking of a second stage, also under nested domains, and page snoop
 * of a first stage.
 *
 * Return: whether it has.
 */
bool world_has_control(const struct attach_world *world, enum world_kind kind)
{
	switch (kind) {
	case WORLD_PARENT:
	case WORLD_NESTED:
		return has_dirty(world);
	case WORLD_FS:
		return world_has(world, kind);
	default:
		return false;
	}
}

/**
 * world_switch_control - switch the control bit of a domain
 * @world: the world
 * @kind: the domain
 * @on: which; page snoop cannot be switched off
 */
void world_switch_control(struct attach_world *world, enum world_kind kind,
			  bool on)
{
	struct iommu_domain *domain = world->domain[kind].mapped;

	if (kind != WORLD_FS)
		KUNIT_EXPECT_EQ(world->test,
				intel_iommu_set_dirty_tracking(domain, on), 0);
	else if (on)
		KUNIT_EXPECT_TRUE(world->test,
				  intel_iommu_enforce_cache_coherency(domain));
}

/**
 * world_control - the control bit in the entry of a requester
 * @world: the world
 * @which: the requester
 *
 * Return: whether it is set.
 */
bool world_control(const struct attach_world *world, enum world_device which)
{
	const u64 *entry = world->unit.device[which].live;

	return world->requester[which].kind == WORLD_FS ?
		entry[1] & PASID_PE_PGSNP : entry[0] & PASID_PE_SSADE;
}

/*
 * Failure
 */

/**
 * world_use_up_dids - leave no DID to the driver
 * @world: the world
 */
void world_use_up_dids(struct attach_world *world)
{
	int did;

	for (;;) {
		did = ida_alloc_range(&world->iommu.domain_ida, IDA_START_DID,
				      WORLD_NUM_DIDS - 1, GFP_KERNEL);
		if (did < 0)
			break;
		world->used_up |= BIT(did);
	}
}

/**
 * world_release_dids - undo world_use_up_dids()
 * @world: the world
 */
void world_release_dids(struct attach_world *world)
{
	unsigned int did;

	for_each_set_bit(did, &world->used_up, WORLD_NUM_DIDS)
		ida_free(&world->iommu.domain_ida, did);
	world->used_up = 0;
}

/**
 * world_set_capable - take the capabilities for paging from the unit, or give
 *		       them back
 * @world: the world
 * @capable: which
 */
void world_set_capable(struct attach_world *world, bool capable)
{
	set_capabilities(world);
	if (sva_possible(&world->config))
		world->iommu.flags |= VTD_FLAG_SVM_CAPABLE;
	if (capable)
		return;

	world->iommu.cap &= ~WORLD_CAP_SAGAW;
	world->iommu.ecap &= ~(WORLD_ECAP_FLTS | WORLD_ECAP_SLTS |
			       WORLD_ECAP_NEST);
	world->iommu.flags = 0;
}

/**
 * world_check_idle - check that no DID, cache tag or attachment is left over
 * @world: the world, all devices blocked
 */
void world_check_idle(struct attach_world *world)
{
	struct dmar_domain *domain;
	enum world_kind kind;

	KUNIT_EXPECT_TRUE(world->test, ida_is_empty(&world->iommu.domain_ida));
	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		if (!world_has(world, kind) || kind == WORLD_BLOCKED ||
		    kind == WORLD_IDENTITY)
			continue;
		domain = to_dmar_domain(world->domain[kind].domain);
		KUNIT_EXPECT_TRUE(world->test, list_empty(&domain->dev_pasids));
		KUNIT_EXPECT_TRUE(world->test, list_empty(&domain->units));
	}
}
