/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PASID directory, PASID tables and their entries: layout and operations
 *
 * VT-d spec, section 9 (Translation Structure Formats).
 *
 * Copyright (C) 2018 Intel Corporation
 *
 * Author: Lu Baolu <baolu.lu@linux.intel.com>
 */
#ifndef _INTEL_PASID_H_
#define _INTEL_PASID_H_

#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/types.h>

#include "../entry_sync.h"
#include "entry_format.h"
#include "iommu.h"

/* A directory entry points to a page of 64 PASID entries. */
#define PASID_PDE_SHIFT		6
#define PASID_TBL_ENTRIES	BIT(PASID_PDE_SHIFT)
#define PASID_PTE_MASK		(PASID_TBL_ENTRIES - 1)

#define PASID_PDE_P		BIT_ULL(0)
#define PASID_PDE_TABLE		GENMASK_ULL(63, 12)

/* Fields of a scalable mode context entry, for those who walk the tables */
#define is_pasid_enabled(context)	(!!((context)->lo & BIT_ULL(3)))
#define get_pasid_dir_size(context)	\
	(128 << FIELD_GET(GENMASK_ULL(11, 9), (context)->lo))

struct pasid_dir_entry {
	u64 val;
};

/**
 * struct pasid_table - the PASID directory of one device
 * @table: the directory
 * @max_pasid: number of PASIDs that the directory covers
 */
struct pasid_table {
	struct pasid_dir_entry *table;
	u32 max_pasid;
};

static inline struct pasid_entry *
get_pasid_table_from_pde(struct pasid_dir_entry *pde)
{
	u64 val = READ_ONCE(pde->val);

	return val & PASID_PDE_P ? phys_to_virt(val & PASID_PDE_TABLE) : NULL;
}

static inline bool pasid_pte_is_present(const struct pasid_entry *pe)
{
	return READ_ONCE(pe->val[0]) & PASID_PE_P;
}

static inline u16 pasid_pte_get_pgtt(const struct pasid_entry *pe)
{
	return FIELD_GET(PASID_PE_PGTT, READ_ONCE(pe->val[0]));
}

static inline u16 pasid_get_domain_id(const struct pasid_entry *pe)
{
	return FIELD_GET(PASID_PE_DID, READ_ONCE(pe->val[1]));
}

extern u32 intel_pasid_max_id;

int intel_pasid_alloc_table(struct device *dev);
void intel_pasid_free_table(struct device *dev);
struct pasid_table *intel_pasid_get_table(struct device *dev);

/**
 * struct pasid_change - the state of one change of a PASID entry
 * @info: the device
 * @pasid: the PASID, %IOMMU_NO_PASID for requests without
 * @live: the entry
 * @es: private: the entry as entry_sync knows it
 * @old: private: the entry as it was before; its DID and type tag what the IOTLB holds
 * @via: a DID that the entry has on its way, 0 for none
 * @new_did_shared: translations of others bear the DID of the target, too
 * @cached_did: private: what tags the entry that hardware may have cached since the
 *              last sync. Invalidating the PASID-cache goes by it.
 * @flushed: private: what @old brought to the caches is gone
 * @final: private: the move under way is the last one
 */
struct pasid_change {
	struct device_domain_info *info;
	u32 pasid;
	struct pasid_entry *live;
	u16 via;
	bool new_did_shared;

	struct entry_sync es;
	struct pasid_entry old;
	u16 cached_did;
	bool flushed;
	bool final;
};

struct pasid_entry *pasid_entry_lookup(struct device_domain_info *info,
				       u32 pasid);
struct pasid_entry *pasid_entry_prepare(struct device_domain_info *info,
					u32 pasid, struct iommu_domain *domain,
					u16 did, struct pasid_entry *target);
bool pasid_is_in_use(struct device_domain_info *info);
bool pasid_entry_is_hitless(struct intel_iommu *iommu,
			    struct pasid_entry *from,
			    const struct pasid_entry *to);
void pasid_change_begin(struct pasid_change *change,
			struct pasid_entry *target, struct dmar_domain *domain);
void pasid_change_move(struct pasid_change *change,
		       const struct pasid_entry *target, bool final);
void pasid_entry_install(struct pasid_change *change,
			 struct pasid_entry *target, struct dmar_domain *domain);
void pasid_entry_block(struct device_domain_info *info);
void pasid_entry_refresh(struct dev_pasid_info *ap);
void pasid_entry_tear_down(struct dev_pasid_info *ap);

#endif /* _INTEL_PASID_H_ */
