/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rework's half of the VT-d driver: what its files share
 *
 * The kernel's own header is staged as iommu_base.h.
 */
#ifndef _INTEL_IOMMU_REWORK_H_
#define _INTEL_IOMMU_REWORK_H_

#include <linux/hashtable.h>

struct pasid_entry;

/* The kernel's half, opened for the attach path by base.cocci */
int paging_domain_compatible_first_stage(struct dmar_domain *dmar_domain,
					 struct intel_iommu *iommu);
int paging_domain_compatible_second_stage(struct dmar_domain *dmar_domain,
					  struct intel_iommu *iommu);
bool domain_support_force_snooping(struct dmar_domain *domain);
void iommu_set_root_entry(struct intel_iommu *iommu);
void iommu_enable_pci_ats(struct device_domain_info *info);
void iommu_disable_pci_ats(struct device_domain_info *info);
#ifdef CONFIG_INTEL_IOMMU_SVM
int intel_iommu_sva_supported(struct device *dev);
#else
static inline int intel_iommu_sva_supported(struct device *dev)
{
	return -ENODEV;
}
#endif

/* The attach path (iommu.c), called from the kernel's operation tables */
int intel_iommu_attach_device(struct iommu_domain *domain, struct device *dev,
			   struct iommu_domain *old);
int intel_iommu_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old);
int intel_iommu_set_dirty_tracking(struct iommu_domain *domain, bool enable);
bool intel_iommu_enforce_cache_coherency_fs(struct iommu_domain *domain);

/**
 * struct domain_unit - what a domain is on one unit
 * @did: its id there, as the kernel's half knows it
 * @node: on dmar_domain.cache_tags; stays there as long as the domain lives
 * @iotlb: tags of what the unit may have cached
 * @devtlb: tags of what devices may have cached
 * @tags: all of them, to be found
 * @batch: what is being invalidated by tag
 *
 * All but @did is under dmar_domain.cache_lock.
 */
struct domain_unit {
	struct iommu_domain_info did;
	struct list_head node;
	struct list_head iotlb;
	struct list_head devtlb;
	DECLARE_HASHTABLE(tags, 7);
	struct qi_batch batch;
};

/* A domain on a unit, and its id there (did.c) */
struct domain_unit *domain_unit_get(struct dmar_domain *domain,
				    struct intel_iommu *iommu);
struct domain_unit *domain_unit_find(struct dmar_domain *domain,
				     struct intel_iommu *iommu);
void domain_free_units(struct dmar_domain *domain);
int domain_attach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu);
void domain_detach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu);
bool domain_hand_down_did(struct iommu_domain *from, struct iommu_domain *to,
			  struct intel_iommu *iommu);
bool domain_did_is_exclusive(struct iommu_domain *domain,
			     struct intel_iommu *iommu);
int did_alloc(struct intel_iommu *iommu);
void did_free(struct intel_iommu *iommu, u16 did);

/* Context entries (context.c) */
int context_entries_alloc(struct device_domain_info *info);
void context_entries_install(struct device_domain_info *info,
			     struct iommu_domain *domain);

void __iommu_flush_cache(struct intel_iommu *iommu, void *addr, int size);

/* Invalidation of what an entry's change affects (cache.c) */
void inv_init(struct qi_batch *batch);
void inv_fence(struct qi_batch *batch);
void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid, u64 type);
void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid, u64 gran);
void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu, u16 did,
	       u64 type);
void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid);
void inv_all(struct qi_batch *batch, struct intel_iommu *iommu);
void inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		u32 pasid);
void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu);
bool domain_has_cache_tags(struct iommu_domain *domain);
int cache_tags_assign(struct dmar_domain *domain, u16 did, struct device *dev,
		      ioasid_t pasid);
void cache_tags_unassign(struct dmar_domain *domain, u16 did,
			 struct device *dev, ioasid_t pasid);

/* Devices that translate through a kexec (liveupdate.c) */
#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
bool intel_liveupdate_is_preserved(struct device_domain_info *info);
bool intel_liveupdate_is_claimed(struct device_domain_info *info);
bool intel_liveupdate_hand_over(struct intel_iommu *iommu);
void intel_liveupdate_adopt(void);
bool intel_liveupdate_keeps(struct intel_iommu *iommu);
void intel_liveupdate_restore(struct intel_iommu *iommu);
#else
static inline bool
intel_liveupdate_is_preserved(struct device_domain_info *info)
{
	return false;
}

static inline bool intel_liveupdate_is_claimed(struct device_domain_info *info)
{
	return false;
}

static inline bool intel_liveupdate_hand_over(struct intel_iommu *iommu)
{
	return false;
}

static inline void intel_liveupdate_adopt(void)
{
}

static inline bool intel_liveupdate_keeps(struct intel_iommu *iommu)
{
	return false;
}

static inline void intel_liveupdate_restore(struct intel_iommu *iommu)
{
}
#endif

#endif /* _INTEL_IOMMU_REWORK_H_ */
