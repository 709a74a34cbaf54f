// SPDX-License-Identifier: GPL-2.0
/*
 * World for tests of the driver: domains, and what they map
 *
 * Domains are made by the driver's own operations and mapped and unmapped by
 * the iommu core.
 */

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "attach_world.h"
#include "../../iommu-pages.h"

/*
 * Where guests have their tables and data, in addresses of the parent. That of
 * the first one is at 0, so that all of an entry's second half is.
 */
#define WORLD_GPA_TABLE	0ULL
#define WORLD_GPA_TABLES_SIZE	0x00010000ULL
#define WORLD_GPA_DATA	0x80000000ULL
#define WORLD_GPA_SIZE	0x02000000ULL

#define WORLD_PTE	(BIT_ULL(0) | BIT_ULL(1) | BIT_ULL(2) | BIT_ULL(5))
#define WORLD_PTE_LARGE	BIT_ULL(7)

/* The region after the small ones begins in the second 2 MiB. */
#define WORLD_BASE	0x10000000ULL

/* The addresses that devices try */
const u64 world_page[UNIT_NUM_PAGES] = {
	[UNIT_PAGE_KEPT] = WORLD_BASE,
	[UNIT_PAGE_VICTIM] = WORLD_BASE + 0x1000,
	[UNIT_PAGE_RUN_FIRST] = WORLD_BASE + 0x13000,
	[UNIT_PAGE_RUN_LAST] = WORLD_BASE + 0x1c000,
	[UNIT_PAGE_BIG] = WORLD_BASE + 0x345000,
	[UNIT_PAGE_TABLE] = WORLD_BASE + 0x47f000,
	[UNIT_PAGE_HOLE] = WORLD_BASE + 0x2000,
};

/*
 * @offset: in the addresses that are translated
 * @out: in those that it is translated to; where that is not aligned to 2 MiB,
 *       the region needs a table of its own
 */
static const struct {
	u64 offset;
	u64 size;
	u64 out;
	enum unit_page first;
	enum unit_page last;
} regions[WORLD_NUM_REGIONS] = {
	[WORLD_REGION_KEPT] = { 0, SZ_4K, 0, UNIT_PAGE_KEPT, UNIT_PAGE_KEPT },
	[WORLD_REGION_VICTIM] = { 0x1000, SZ_4K, 0x1000,
				  UNIT_PAGE_VICTIM, UNIT_PAGE_VICTIM },
	[WORLD_REGION_RUN] = { 0x13000, 0xa000, 0x13000,
			       UNIT_PAGE_RUN_FIRST, UNIT_PAGE_RUN_LAST },
	[WORLD_REGION_BIG] = { 0x200000, SZ_2M, 0x200000,
			       UNIT_PAGE_BIG, UNIT_PAGE_BIG },
	[WORLD_REGION_TABLE] = { 0x400000, SZ_2M, 0x601000,
				 UNIT_PAGE_TABLE, UNIT_PAGE_TABLE },
};

static const char * const world_name[WORLD_NUM_DOMAINS] = {
	[WORLD_BLOCKED] = "blocked",
	[WORLD_FS] = "fs",
	[WORLD_FS_OTHER] = "fs-other",
	[WORLD_FS_SNOOP] = "fs-snoop",
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

/**
 * world_kind_name - the name of a domain
 * @kind: the domain
 *
 * Context: Any.
 * Return: the name.
 */
const char *world_kind_name(enum world_kind kind)
{
	return world_name[kind];
}

/* Number of the guest whose table a nested domain has */
static unsigned int guest_of(enum world_kind kind)
{
	return kind - WORLD_NESTED;
}

static u64 guest_table_gpa(unsigned int guest, unsigned int index)
{
	return WORLD_GPA_TABLE + guest * WORLD_GPA_TABLES_SIZE + index * SZ_4K;
}

static u64 guest_data_gpa(unsigned int guest, enum world_region region)
{
	return WORLD_GPA_DATA + guest * WORLD_GPA_SIZE + regions[region].offset;
}

/* Nobody reads or writes there: any address that says whose it is. */
static u64 world_base(enum world_kind kind)
{
	return ((u64)kind + 1) << 32;
}

static u64 guest_base(enum world_kind parent, unsigned int guest)
{
	return world_base(parent) + (guest + 1) * 2 * WORLD_GPA_SIZE;
}

static u64 page_out(u64 base, enum world_region region, enum unit_page page)
{
	return base + regions[region].out +
	       (world_page[page] - WORLD_BASE - regions[region].offset);
}

/* Does a request still get its address? It may still, until all caches forget. */
static void set_granted(struct world_domain *wd, enum world_region region,
			bool granted)
{
	enum unit_page page;

	for (page = regions[region].first; page <= regions[region].last; page++)
		wd->grant.out[page] = granted ?
			page_out(wd->base, region, page) : 0;
}

/* Must it? */
static void set_settled(struct world_domain *wd, enum world_region region,
			bool settled)
{
	enum unit_page page;

	for (page = regions[region].first; page <= regions[region].last; page++)
		wd->grant.settled[page] = settled;
}

static void map_region(struct attach_world *world, struct iommu_domain *domain,
		       u64 addr, u64 base, enum world_region region, gfp_t gfp)
{
	int ret = iommu_map(domain, addr, base + regions[region].out,
			    regions[region].size, IOMMU_READ | IOMMU_WRITE, gfp);

	if (ret)
		KUNIT_FAIL(world->test, "mapping failed with %d", ret);
}

static void map_page(struct attach_world *world, struct iommu_domain *domain,
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

static void add_table(struct attach_world *world, enum world_kind kind)
{
	struct unit_table table;

	driver_describe_table(world->domain[kind].domain, &table);
	world->domain[kind].root = table.root;
	unit_add_table(&world->machine, table.root, table.stage, table.levels,
		       table.snooped);
}

/* A device that is probed; all that units can do they do alike. */
static struct device *any_device(struct attach_world *world)
{
	return &world->pci[WORLD_OLD_SHARER].pdev.dev;
}

static void add_paging(struct attach_world *world, enum world_kind kind,
		       bool fs, u32 flags)
{
	struct world_domain *wd = &world->domain[kind];
	enum world_region region;

	add_domain(world, kind,
		   driver_alloc_paging(any_device(world), fs, flags));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, wd->domain);
	wd->mapped = wd->domain;
	wd->base = world_base(kind);
	for (region = 0; region < WORLD_NUM_REGIONS; region++) {
		wd->addr[region] = WORLD_BASE + regions[region].offset;
		map_region(world, wd->domain, wd->addr[region], wd->base,
			   region, GFP_KERNEL);
		wd->regions |= BIT(region);
		set_granted(wd, region, true);
		set_settled(wd, region, true);
	}
	add_table(world, kind);
}

/*
 * Nested domains
 */

static void fill_guest_table(struct attach_world *world, unsigned int guest)
{
	u64 **table = world->guest_table[guest], addr;
	enum world_region region;

	for (region = 0; region < WORLD_NUM_REGIONS; region++)
		for (addr = 0; addr < regions[region].size; addr += SZ_4K) {
			u64 from = WORLD_BASE + regions[region].offset + addr;
			u64 gpa = guest_data_gpa(guest, region) + addr;

			if (regions[region].size < SZ_2M)
				table[3][(from >> PAGE_SHIFT) & 511] =
					gpa | WORLD_PTE;
			else if (!addr)
				table[2][(from >> PMD_SHIFT) & 511] =
					gpa | WORLD_PTE | WORLD_PTE_LARGE;
		}
}

static void make_guest_table(struct attach_world *world, unsigned int guest)
{
	unsigned int shift = PAGE_SHIFT + 9 * (WORLD_GUEST_LEVELS - 1);
	u64 **table = world->guest_table[guest];
	unsigned int i;

	for (i = 0; i < WORLD_GUEST_LEVELS; i++) {
		table[i] = iommu_alloc_pages_sz(GFP_KERNEL, SZ_4K);
		KUNIT_ASSERT_NOT_NULL(world->test, table[i]);
	}
	for (i = 0; i + 1 < WORLD_GUEST_LEVELS; i++, shift -= 9)
		table[i][(WORLD_BASE >> shift) & 511] =
			guest_table_gpa(guest, i + 1) | WORLD_PTE;
	fill_guest_table(world, guest);

	unit_add_table(&world->machine, guest_table_gpa(guest, 0),
		       UNIT_STAGE_GUEST, WORLD_GUEST_LEVELS, false);
}

/* Each parent has all guests' tables, so that a walk always gets somewhere. */
static void map_guests(struct attach_world *world, enum world_kind parent)
{
	struct iommu_domain *domain = world->domain[parent].domain;
	enum world_region region;
	unsigned int guest, i;

	for (guest = 0; guest < WORLD_NUM_GUESTS; guest++) {
		for (i = 0; i < WORLD_GUEST_LEVELS; i++)
			map_page(world, domain, guest_table_gpa(guest, i),
				 virt_to_phys(world->guest_table[guest][i]));
		for (region = 0; region < WORLD_NUM_REGIONS; region++)
			map_region(world, domain, guest_data_gpa(guest, region),
				   guest_base(parent, guest), region,
				   GFP_KERNEL);
	}
}

/* The driver reads what describes a guest's table from user memory. */
static void add_nested(struct attach_world *world, enum world_kind kind,
		       enum world_kind parent)
{
	struct world_domain *wd = &world->domain[kind];
	unsigned int guest = guest_of(kind);
	struct iommu_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = guest_table_gpa(guest, 0),
		.addr_width = ADDR_WIDTH_4LEVEL,
	};
	struct iommu_user_data data = {
		.type = IOMMU_HWPT_DATA_VTD_S1,
		.uptr = (void __user *)world->user,
		.len = sizeof(s1),
	};
	struct iommu_domain *domain;
	enum world_region region;

	KUNIT_ASSERT_EQ(world->test,
			copy_to_user(data.uptr, &s1, sizeof(s1)), 0);
	domain = intel_iommu_ops.domain_alloc_nested(any_device(world),
						     world->domain[parent].domain,
						     0, &data);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, domain);
	domain->owner = &intel_iommu_ops;

	add_domain(world, kind, domain);
	wd->mapped = world->domain[parent].domain;
	wd->base = guest_base(parent, guest);
	for (region = 0; region < WORLD_NUM_REGIONS; region++) {
		wd->addr[region] = guest_data_gpa(guest, region);
		wd->regions |= BIT(region);
		set_granted(wd, region, true);
		set_settled(wd, region, true);
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
	unsigned int guest;

	world->user = user_map(world, 0, SZ_4K);
	for (guest = 0; guest < WORLD_NUM_GUESTS; guest++)
		make_guest_table(world, guest);
	map_guests(world, WORLD_PARENT);
	map_guests(world, WORLD_PARENT_OTHER);
	add_nested(world, WORLD_NESTED, WORLD_PARENT);
	add_nested(world, WORLD_NESTED_SIBLING, WORLD_PARENT);
	add_nested(world, WORLD_NESTED_OTHER, WORLD_PARENT_OTHER);
}

/*
 * SVA
 */

/* Grant the test's own address space */
static void grant_user_pages(struct attach_world *world)
{
	struct unit_grant *grant = &world->domain[WORLD_SVA].grant;
	enum unit_page page;
	struct page *user;

	for (page = 0; page <= UNIT_PAGE_RUN_LAST; page++) {
		KUNIT_ASSERT_EQ(world->test,
				pin_user_pages_fast(world_page[page], 1,
						    FOLL_WRITE, &user), 1);
		grant->out[page] = page_to_phys(user);
		grant->settled[page] = true;
		unpin_user_page(user);
	}
}

/* What the iommu core does, but for the test's own address space */
static void make_sva(struct attach_world *world)
{
	struct iommu_domain *domain;

	user_map(world, WORLD_BASE, SZ_4K * 2);
	user_map(world, WORLD_BASE + regions[WORLD_REGION_RUN].offset,
		 regions[WORLD_REGION_RUN].size);

	domain = intel_iommu_ops.domain_alloc_sva(any_device(world),
						  current->mm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(world->test, domain);
	domain->type = IOMMU_DOMAIN_SVA;
	domain->cookie_type = IOMMU_COOKIE_SVA;
	domain->owner = &intel_iommu_ops;
	domain->mm = current->mm;
	mmgrab(domain->mm);

	add_domain(world, WORLD_SVA, domain);
	grant_user_pages(world);
	add_table(world, WORLD_SVA);
}

static bool sva_possible(const struct world_config *config)
{
	return IS_ENABLED(CONFIG_INTEL_IOMMU_SVM) && config->ats &&
	       config->pasid != IOMMU_NO_PASID && !config->incoherent &&
	       !config->rwbf;
}

static bool has_dirty(const struct attach_world *world)
{
	const struct intel_iommu *iommu = &world->unit[0].iommu;

	return ssads_supported(iommu);
}

static void make_identity(struct attach_world *world)
{
	struct unit_grant *grant = &world->domain[WORLD_IDENTITY].grant;
	enum unit_page page;

	add_domain(world, WORLD_IDENTITY, intel_iommu_ops.identity_domain);
	for (page = 0; page < UNIT_NUM_PAGES; page++) {
		grant->out[page] = world_page[page];
		grant->settled[page] = true;
	}
}

/**
 * world_domains_make - make domains of each kind
 * @world: the world, all of whose devices but the first are probed
 *
 * Context: May sleep.
 */
void world_domains_make(struct attach_world *world)
{
	u32 parent = world->config.scalable ? IOMMU_HWPT_ALLOC_NEST_PARENT : 0;
	u32 dirty = has_dirty(world) ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0;
	bool fs = world->config.scalable;

	add_domain(world, WORLD_BLOCKED, intel_iommu_ops.blocked_domain);
	make_identity(world);
	add_paging(world, WORLD_PRIVATE, fs, 0);
	add_paging(world, WORLD_SS, false, 0);
	add_paging(world, WORLD_PARENT, false, parent | dirty);
	if (!fs)
		return;

	add_paging(world, WORLD_FS, true, 0);
	add_paging(world, WORLD_FS_OTHER, true, 0);
	add_paging(world, WORLD_FS_SNOOP, true, 0);
	KUNIT_ASSERT_TRUE(world->test,
			  world_force_snooping(world, WORLD_FS_SNOOP));
	add_paging(world, WORLD_PARENT_OTHER, false, parent);
	make_nested(world);
	if (sva_possible(&world->config))
		make_sva(world);
}

/**
 * world_made_domain - a domain that the world has made
 * @world: the world
 * @kind: which
 *
 * Context: Any.
 * Return: the domain; NULL if there is none, or if it is one that the driver
 * always has.
 */
struct iommu_domain *world_made_domain(const struct attach_world *world,
				       enum world_kind kind)
{
	struct iommu_domain *domain = world->domain[kind].domain;

	if (IS_ERR(domain) || kind == WORLD_BLOCKED || kind == WORLD_IDENTITY)
		return NULL;

	return domain;
}

static void free_domain(struct attach_world *world, enum world_kind kind)
{
	struct iommu_domain *domain = world_made_domain(world, kind);
	struct world_domain *wd = &world->domain[kind];

	if (domain)
		iommu_domain_free(domain);
	if (wd->root)
		unit_remove_table(&world->machine, wd->root);
	*wd = (struct world_domain){};
}

/**
 * world_domains_free - free all domains
 * @world: the world, all of whose devices are blocked
 *
 * Context: May sleep.
 */
void world_domains_free(struct attach_world *world)
{
	unsigned int i, j;

	/* Nested domains stand behind their parents. */
	for (i = WORLD_NUM_KINDS; i--;)
		free_domain(world, i);
	for (i = WORLD_NUM_KINDS; i < WORLD_NUM_DOMAINS; i++)
		free_domain(world, i);
	for (i = 0; i < WORLD_NUM_GUESTS; i++)
		for (j = 0; j < WORLD_GUEST_LEVELS; j++)
			iommu_free_pages(world->guest_table[i][j]);
	for (i = 0; i < WORLD_NUM_CRASHED; i++)
		iommu_free_pages(world->crashed[i]);
}

/**
 * world_grant - what a domain grants
 * @world: the world
 * @kind: the domain
 *
 * Context: Any.
 * Return: that; NULL for nothing.
 */
const struct unit_grant *world_grant(struct attach_world *world,
				     enum world_kind kind)
{
	return kind == WORLD_BLOCKED ? NULL : &world->domain[kind].grant;
}

/*
 * Mapping and unmapping
 */

static bool region_is_next(enum world_region region, unsigned int todo)
{
	return region == WORLD_REGION_BIG &&
	       (todo & BIT(WORLD_REGION_TABLE));
}

static void unmap_regions(struct world_domain *wd, unsigned int todo,
			  struct iommu_iotlb_gather *gather)
{
	enum world_region region;
	size_t size;

	for (region = 0; region < WORLD_NUM_REGIONS; region++) {
		if (!(todo & BIT(region)))
			continue;
		size = regions[region].size;
		/* Two that are next to each other go together. */
		if (region_is_next(region, todo)) {
			size += regions[region + 1].size;
			todo &= ~BIT(region + 1);
		}
		iommu_unmap_fast(wd->mapped, wd->addr[region], size, gather);
	}
}

static void settle(struct attach_world *world, struct world_domain *wd,
		   unsigned int todo, bool settled)
{
	enum world_region region;

	for (region = 0; region < WORLD_NUM_REGIONS; region++)
		if (todo & BIT(region))
			set_settled(wd, region, settled);
}

/**
 * world_unmap_begin - unmap, but leave all caches alone
 * @world: the world
 * @wd: a domain
 * @todo: regions that are mapped
 * @gather: what is to be invalidated
 *
 * Context: Any. Regions that are not next to each other are invalidated on the
 * way, unless @gather->queued is set.
 */
void world_unmap_begin(struct attach_world *world, struct world_domain *wd,
		       unsigned int todo, struct iommu_iotlb_gather *gather)
{
	settle(world, wd, todo, false);
	wd->regions &= ~todo;
	unmap_regions(wd, todo, gather);
	unit_observe_all(&world->machine);
}

/**
 * world_unmapped - nobody must reach what was unmapped any more
 * @world: the world
 * @wd: a domain
 * @todo: the regions, for which all has been invalidated
 *
 * Context: Any.
 */
void world_unmapped(struct attach_world *world, struct world_domain *wd,
		    unsigned int todo)
{
	enum world_region region;

	for (region = 0; region < WORLD_NUM_REGIONS; region++)
		if (todo & BIT(region))
			set_granted(wd, region, false);
	unit_map_end(&world->machine, &wd->grant);
}

/**
 * world_unmap_end - invalidate what was unmapped
 * @world: the world
 * @wd: a domain
 * @todo: the regions
 * @gather: what is to be invalidated
 *
 * Context: Any.
 */
void world_unmap_end(struct attach_world *world, struct world_domain *wd,
		     unsigned int todo, struct iommu_iotlb_gather *gather)
{
	iommu_iotlb_sync(wd->mapped, gather);
	world_unmapped(world, wd, todo);
}

/**
 * world_unmap - unmap regions, one after the other
 * @world: the world
 * @kind: from what
 * @todo: which; those that are not mapped are passed over
 *
 * Context: Any.
 */
void world_unmap(struct attach_world *world, enum world_kind kind,
		 unsigned int todo)
{
	struct world_domain *wd = &world->domain[kind];
	struct iommu_iotlb_gather gather;
	enum world_region region;
	unsigned int part;

	if (!wd->mapped)
		return;
	todo &= wd->regions;
	for (region = 0; region < WORLD_NUM_REGIONS; region++) {
		part = BIT(region);
		if (!(todo & part))
			continue;
		if (region_is_next(region, todo))
			part |= BIT(region + 1);
		todo &= ~part;
		iommu_iotlb_gather_init(&gather);
		world_unmap_begin(world, wd, part, &gather);
		world_unmap_end(world, wd, part, &gather);
	}
}

/**
 * world_unmap_lazily - unmap regions, and flush everything once
 * @world: the world
 * @kind: from what
 * @todo: which; those that are not mapped are passed over
 *
 * As dma-iommu does with a flush queue.
 *
 * Context: Any.
 */
void world_unmap_lazily(struct attach_world *world, enum world_kind kind,
			unsigned int todo)
{
	struct world_domain *wd = &world->domain[kind];
	struct iommu_iotlb_gather gather;

	if (!wd->mapped)
		return;
	todo &= wd->regions;
	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	world_unmap_begin(world, wd, todo, &gather);
	wd->mapped->ops->flush_iotlb_all(wd->mapped);
	iommu_put_pages_list(&gather.freelist);
	world_unmapped(world, wd, todo);
}

/**
 * world_map - map regions where they were before
 * @world: the world
 * @kind: in what
 * @todo: which; those that are mapped are passed over
 * @gfp: how
 *
 * Context: As @gfp says.
 */
void world_map(struct attach_world *world, enum world_kind kind,
	       unsigned int todo, gfp_t gfp)
{
	struct world_domain *wd = &world->domain[kind];
	enum world_region region;

	if (!wd->mapped)
		return;
	todo &= ~wd->regions;
	for (region = 0; region < WORLD_NUM_REGIONS; region++) {
		if (!(todo & BIT(region)))
			continue;
		set_granted(wd, region, true);
		unit_map_begin(&world->machine);
		map_region(world, wd->mapped, wd->addr[region], wd->base, region,
			   gfp);
		wd->regions |= BIT(region);
		set_settled(wd, region, true);
		unit_map_end(&world->machine, &wd->grant);
	}
}

/**
 * world_remap - map all regions again where they were unmapped
 * @world: the world
 *
 * Context: May sleep.
 */
void world_remap(struct attach_world *world)
{
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++)
		world_map(world, kind, WORLD_REGIONS, GFP_KERNEL);
	world_mm_revive(world);
}

/**
 * world_leaf - what maps a page of 4 KiB
 * @world: the world
 * @kind: in a paging domain
 * @page: the page, which is mapped
 *
 * Context: Any.
 * Return: the entry of the page table.
 */
u64 world_leaf(struct attach_world *world, enum world_kind kind,
	       enum unit_page page)
{
	struct unit_table table;
	unsigned int shift;
	u64 entry;

	driver_describe_table(world->domain[kind].domain, &table);
	entry = table.root;
	shift = PAGE_SHIFT + 9 * table.levels;
	while (shift > PAGE_SHIFT) {
		shift -= 9;
		entry = *((u64 *)phys_to_virt(entry & GENMASK_ULL(51, 12)) +
			  ((world_page[page] >> shift) & 511));
	}
	return entry;
}

static int guest_invalidate(struct attach_world *world, enum world_kind kind,
			    bool leaf_only)
{
	struct iommu_hwpt_vtd_s1_invalidate inv = {
		.addr = world_page[UNIT_PAGE_VICTIM],
		.npages = 1,
		.flags = leaf_only ? IOMMU_VTD_INV_FLAGS_LEAF : 0,
	};
	struct iommu_user_data_array array = {
		.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		.uptr = (void __user *)world->user,
		.entry_len = sizeof(inv),
		.entry_num = 1,
	};
	struct iommu_domain *domain = world->domain[kind].domain;

	if (copy_to_user(array.uptr, &inv, sizeof(inv)))
		return -EFAULT;
	return domain->ops->cache_invalidate_user(domain, &array);
}

/**
 * world_guest_unmap - a guest unmaps its victim
 * @world: the world
 * @kind: a nested domain
 * @leaf_only: only the last level of the table changes; else the table of the
 *             last level goes
 *
 * Context: May sleep.
 * Return: whether the driver has invalidated it.
 */
bool world_guest_unmap(struct attach_world *world, enum world_kind kind,
		       bool leaf_only)
{
	struct world_domain *wd = &world->domain[kind];
	u64 **table = world->guest_table[guest_of(kind)];
	unsigned int page;

	for (page = 0; page < UNIT_PAGE_BIG; page++)
		if (page == UNIT_PAGE_VICTIM || !leaf_only)
			wd->grant.settled[page] = false;
	if (leaf_only)
		table[3][(world_page[UNIT_PAGE_VICTIM] >> PAGE_SHIFT) & 511] = 0;
	else
		table[2][(WORLD_BASE >> PMD_SHIFT) & 511] = 0;
	unit_observe_all(&world->machine);

	if (guest_invalidate(world, kind, leaf_only))
		return false;
	wd->grant.out[UNIT_PAGE_VICTIM] = 0;
	unit_map_end(&world->machine, &wd->grant);
	return true;
}

/**
 * world_guest_remap - undo world_guest_unmap()
 * @world: the world
 * @kind: a nested domain
 *
 * Context: Any.
 */
void world_guest_remap(struct attach_world *world, enum world_kind kind)
{
	struct world_domain *wd = &world->domain[kind];
	unsigned int guest = guest_of(kind);

	set_granted(wd, WORLD_REGION_VICTIM, true);
	world->guest_table[guest][2][(WORLD_BASE >> PMD_SHIFT) & 511] =
		guest_table_gpa(guest, 3) | WORLD_PTE;
	fill_guest_table(world, guest);
	settle(world, wd, BIT(WORLD_NUM_REGIONS) - 1, true);
	unit_map_end(&world->machine, &wd->grant);
}

/*
 * Control bits
 */

/**
 * world_has_control - whether a domain has a control bit to switch
 * @world: the world
 * @kind: the domain
 *
 * Dirty tracking of a second stage, also under nested domains, and page snoop
 * of a first stage.
 *
 * Context: Any.
 * Return: whether it has.
 */
bool world_has_control(const struct attach_world *world, enum world_kind kind)
{
	switch (kind) {
	case WORLD_PARENT:
	case WORLD_NESTED:
		return world_has(world, kind) && has_dirty(world);
	case WORLD_FS:
		return world_has(world, kind) && !world->config.no_snoop_control;
	default:
		return false;
	}
}

/**
 * world_force_snooping - make all accesses of a domain snoop
 * @world: the world
 * @kind: the domain
 *
 * Context: Any.
 * Return: whether the driver says that it can.
 */
bool world_force_snooping(struct attach_world *world, enum world_kind kind)
{
	struct iommu_domain *domain = world->domain[kind].mapped;
	bool forced = domain->ops->enforce_cache_coherency(domain);
	struct unit_table table;

	if (forced) {
		driver_describe_table(domain, &table);
		unit_force_table(&world->machine, table.root);
	}
	if (kind == WORLD_FS)
		world->snooping |= forced;
	return forced;
}

/**
 * world_switch_control - switch the control bit of a domain
 * @world: the world
 * @kind: the domain
 * @on: which; page snoop cannot be switched off
 *
 * Context: Any.
 */
void world_switch_control(struct attach_world *world, enum world_kind kind,
			  bool on)
{
	struct iommu_domain *domain = world->domain[kind].mapped;

	if (kind == WORLD_FS) {
		if (on)
			KUNIT_EXPECT_TRUE(world->test,
					  world_force_snooping(world, kind));
		return;
	}
	KUNIT_EXPECT_EQ(world->test,
			domain->dirty_ops->set_dirty_tracking(domain, on), 0);
	world->tracking = on;
}

/*
 * An address space that ends
 */

/**
 * world_mm_exit - the address space of %WORLD_SVA ends
 * @world: the world
 *
 * Nothing of it may be reached when the driver has been told.
 *
 * Context: May sleep.
 */
void world_mm_exit(struct attach_world *world)
{
	struct world_domain *wd = &world->domain[WORLD_SVA];

	if (!wd->domain || world->mm_exited)
		return;
	/* Who is not served from here on knows why. */
	WRITE_ONCE(world->mm_exited, true);
	memset(wd->grant.settled, 0, sizeof(wd->grant.settled));
	driver_mm_release(wd->domain);
	memset(wd->grant.out, 0, sizeof(wd->grant.out));
	unit_remove_table(&world->machine, wd->root);
	unit_observe_all(&world->machine);
}

/**
 * world_mm_revive - undo world_mm_exit()
 * @world: the world, with %WORLD_SVA attached to nothing
 *
 * Context: May sleep.
 */
void world_mm_revive(struct attach_world *world)
{
	if (!world->mm_exited)
		return;
	world->mm_exited = false;
	grant_user_pages(world);
	add_table(world, WORLD_SVA);
}
