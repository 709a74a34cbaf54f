// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of a crashed kernel
 *
 * A kernel that boots after a crash takes over the context entries of the one
 * before, so that devices whose drivers it does not know yet go on. It must not
 * use the domain ids in these tables for domains of its own: what is cached is
 * tagged with them.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/io.h>

#include "copied.h"
#include "did.h"
#include "pasid.h"

/* Devices share ids, and some ids are never allocated. */
static void reserve_did(struct intel_iommu *iommu, u16 did)
{
	if (did >= IDA_START_DID && did < iommu->max_domain_id)
		did_reserve(iommu, did);
}

static void *map_old(struct intel_iommu *iommu, phys_addr_t addr, size_t size)
{
	void *map = memremap(addr, size, MEMREMAP_WB);

	if (!map)
		pr_warn("%s: table at %pa of the crashed kernel cannot be read, its domain ids may be used again\n",
			iommu->name, &addr);
	return map;
}

static void reserve_of_table(struct intel_iommu *iommu, phys_addr_t addr)
{
	const struct pasid_entry *table = map_old(iommu, addr, SZ_4K);
	unsigned int i;

	if (!table)
		return;

	for (i = 0; i < PASID_TBL_ENTRIES; i++)
		if (pasid_pte_is_present(&table[i]))
			reserve_did(iommu, pasid_get_domain_id(&table[i]));
	memunmap((void *)table);
}

/**
 * copied_reserve_dids - keep the domain ids behind a context entry from being
 *                       allocated
 * @iommu: the unit, in scalable mode, before any domain has an id on it
 * @entry: the entry, present, as the crashed kernel has left it
 *
 * A directory or table that cannot be read is told of, and passed over.
 * VT-d spec, sections 9.5 and 9.6.
 *
 * Context: May sleep.
 */
void copied_reserve_dids(struct intel_iommu *iommu,
			 const struct context_entry *entry)
{
	size_t num = get_pasid_dir_size(entry), i;
	const struct pasid_dir_entry *dir;

	dir = map_old(iommu, entry->lo & CONTEXT_SM_PASIDDIRPTR,
		      num * sizeof(*dir));
	if (!dir)
		return;

	for (i = 0; i < num; i++)
		if (dir[i].val & PASID_PDE_P)
			reserve_of_table(iommu, dir[i].val & PASID_PDE_TABLE);
	memunmap((void *)dir);
}
