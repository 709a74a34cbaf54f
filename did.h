/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a domain is on a unit, and its id there
 */
#ifndef _INTEL_DID_H_
#define _INTEL_DID_H_

#include <linux/rbtree.h>

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
};

bool domain_is_tagged(const struct iommu_domain *domain);
struct domain_unit *domain_unit_get(struct dmar_domain *domain,
				    struct intel_iommu *iommu);
void domain_unit_put(struct dmar_domain *domain, struct domain_unit *unit);

int did_alloc(struct intel_iommu *iommu);
void did_free(struct intel_iommu *iommu, u16 did);
int did_get(struct dmar_domain *domain, struct domain_unit *unit);
void did_put(struct domain_unit *unit);
bool did_is_exclusive(const struct domain_unit *unit);
bool did_suits(struct dmar_domain *from, struct dmar_domain *to);
void did_hand_down(struct domain_unit *from, struct domain_unit *to);
void did_wait(struct dmar_domain *domain, struct intel_iommu *iommu);
void did_set_in_transit(struct domain_unit *unit, bool in_transit);

#endif /* _INTEL_DID_H_ */
