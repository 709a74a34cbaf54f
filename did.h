/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a domain is on a unit, and its id there
 */
#ifndef _INTEL_DID_H_
#define _INTEL_DID_H_

#include <linux/rbtree.h>
#include <linux/xarray.h>

#include "inval.h"
#include "iommu.h"

/**
 * struct domain_unit - what a domain is on one unit
 * @did: its id there, and how many attachments have it
 * @node: on dmar_domain.units
 * @users: how many attachments need this, those of nested domains included
 * @in_transit: an attachment changes domains under this id: nobody else may
 *              come to share it
 * @iotlb: cache tags of what the unit may hold, see cache.c
 * @devtlb: cache tags of what devices may hold, see cache.c
 * @first_tag: one of @iotlb, if it has users: most domains have no other, and so
 *             need no memory for it
 * @posted: a flush that is under way
 *
 * The unit's did_lock covers @did, @users and @in_transit, the domain's
 * cache_lock the rest.
 */
struct domain_unit {
	struct iommu_domain_info did;
	struct list_head node;
	unsigned int users;
	bool in_transit;
	struct rb_root iotlb;
	struct rb_root devtlb;
	struct cache_tag first_tag;
	struct inv_posted posted;
};

/**
 * struct did_change - attachments of one PASID that follow each other
 * @from: the one that ends, or NULL
 * @to: the one that begins, or NULL
 * @handed_down: @to has taken over the id of @from
 */
struct did_change {
	struct dev_pasid_info *from;
	struct dev_pasid_info *to;
	bool handed_down;
};

/**
 * domain_is_tagged - whether an attached domain has an id and cache tags
 * @domain: any domain, or NULL
 *
 * Identity and blocked domains have no mappings that could change, so nothing
 * that is cached of them needs to be found again.
 *
 * Context: Any.
 * Return: true if it has.
 */
static inline bool domain_is_tagged(const struct iommu_domain *domain)
{
	return domain && domain->type != IOMMU_DOMAIN_IDENTITY &&
	       domain->type != IOMMU_DOMAIN_BLOCKED;
}

/**
 * attachment_of - what is attached to a PASID of a device
 * @info: the device
 * @pasid: its PASID, %IOMMU_NO_PASID for requests without
 *
 * Context: Any. The group mutex is held, or the lock of info->attachments.
 * Return: the attachment; NULL if there is none that is tagged.
 */
static inline struct dev_pasid_info *
attachment_of(struct device_domain_info *info, ioasid_t pasid)
{
	return pasid == IOMMU_NO_PASID ? info->attachment :
					 xa_load(&info->attachments, pasid);
}

int did_enter(struct did_change *ids, struct intel_iommu *iommu);
void did_undo(struct did_change *ids, struct intel_iommu *iommu);
void did_leave(struct did_change *ids, struct intel_iommu *iommu);

int did_alloc(struct intel_iommu *iommu);
void did_free(struct intel_iommu *iommu, u16 did);
void did_drop_spare(struct intel_iommu *iommu);
int did_reserve(struct intel_iommu *iommu, u16 did);
bool did_is_used(struct intel_iommu *iommu, unsigned int did);
bool did_suits(struct dmar_domain *from, struct dmar_domain *to);
int did_borrow(struct did_change *ids, struct intel_iommu *iommu);
void did_give_back(struct did_change *ids, struct intel_iommu *iommu, u16 did);

/* True for as long as did_lock is held, or the id is in transit */
static inline bool did_is_exclusive(const struct domain_unit *unit)
{
	return unit->did.refcnt == 1 && unit->did.did != FLPT_DEFAULT_DID;
}

#endif /* _INTEL_DID_H_ */
