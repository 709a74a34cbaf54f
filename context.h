/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Context entries: where they stand, and what writes to live ones
 */
#ifndef _INTEL_CONTEXT_H_
#define _INTEL_CONTEXT_H_

#include <linux/bits.h>
#include <linux/types.h>

#include "entry_format.h"

struct device;
struct device_domain_info;
struct intel_iommu;
struct iommu_domain;

/* A root entry leads to a context table. */
#define CONTEXT_ROOT_P		BIT_ULL(0)

typedef int (*context_sid_fn)(struct device_domain_info *info, u16 sid,
			      void *opaque);

int context_visit_sids(struct device_domain_info *info, context_sid_fn fn,
		       void *opaque);
u64 context_rtaddr(struct intel_iommu *iommu, void *root);
u64 *context_root_entry(u64 rtaddr, u16 sid);
struct context_words *context_entry_at(u64 rtaddr, u16 sid);
struct context_words *context_entry_lookup(struct intel_iommu *iommu, u16 sid);
int context_entry_alloc(struct intel_iommu *iommu, u16 sid);
void context_entry_restore(struct intel_iommu *iommu, u16 sid,
			   const struct context_words *ce);
void context_entry_block(struct intel_iommu *iommu, u16 sid);
void context_entry_make_directory(struct context_words *ce,
				  const struct device_domain_info *info,
				  phys_addr_t dir, u32 entries, bool answers);

int context_entries_alloc(struct device_domain_info *info);
void context_entries_install(struct device_domain_info *info,
			     struct iommu_domain *domain, u16 did);
void context_entries_install_directory(struct device_domain_info *info);
void context_await_readers(struct intel_iommu *iommu);
int intel_pasid_setup_sm_context(struct device *dev);
void intel_pasid_teardown_sm_context(struct device *dev);

#endif /* _INTEL_CONTEXT_H_ */
