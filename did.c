// SPDX-License-Identifier: GPL-2.0
/*
 * Domain ids: the tag of what a unit caches of a domain
 *
 * A domain has an id on each unit that it is attached to, from the first
 * attachment to the last; ids are scarce. The record of it stays with the
 * domain, so that replacing domains back and forth allocates nothing.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/slab.h>

#include "iommu.h"

/* Finds the record or makes it, without an id. */
static struct iommu_domain_info *did_record(struct dmar_domain *domain,
					    struct intel_iommu *iommu)
{
	struct iommu_domain_info *record;

	record = xa_load(&domain->iommu_array, iommu->seq_id);
	if (record)
		return record;

	record = kzalloc_obj(*record);
	if (!record)
		return NULL;

	record->iommu = iommu;
	if (xa_insert(&domain->iommu_array, iommu->seq_id, record,
		      GFP_KERNEL)) {
		kfree(record);
		return NULL;
	}
	return record;
}

/**
 * domain_attach_iommu - give a domain an id on a unit
 * @domain: the domain
 * @iommu: the unit
 *
 * Counted; each call needs one of domain_detach_iommu(). SVA domains share an
 * id that is always there.
 *
 * Context: May sleep. Takes iommu->did_lock.
 * Return: 0; -ENOMEM; -ENOSPC if the unit has no id left.
 */
int domain_attach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct iommu_domain_info *record;
	int did;

	if (domain->domain.type == IOMMU_DOMAIN_SVA)
		return 0;

	guard(mutex)(&iommu->did_lock);
	record = did_record(domain, iommu);
	if (!record)
		return -ENOMEM;

	if (!record->refcnt) {
		did = ida_alloc_range(&iommu->domain_ida, IDA_START_DID,
				      iommu->max_domain_id - 1, GFP_KERNEL);
		if (did < 0) {
			pr_err_ratelimited("%s: no domain id left\n",
					   iommu->name);
			return did;
		}
		record->did = did;
	}
	record->refcnt++;
	return 0;
}

/**
 * domain_detach_iommu - undo domain_attach_iommu()
 * @domain: the domain
 * @iommu: the unit; caches nothing of the domain any more for the attachment
 *         that ends
 *
 * Context: May sleep. Takes iommu->did_lock.
 */
void domain_detach_iommu(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	struct iommu_domain_info *record;

	if (domain->domain.type == IOMMU_DOMAIN_SVA)
		return;

	guard(mutex)(&iommu->did_lock);
	record = xa_load(&domain->iommu_array, iommu->seq_id);
	if (!--record->refcnt)
		ida_free(&iommu->domain_ida, record->did);
}

/**
 * domain_free_dids - free the records of a domain
 * @domain: a domain that is attached to nothing
 *
 * Context: May sleep.
 */
void domain_free_dids(struct dmar_domain *domain)
{
	struct iommu_domain_info *record;
	unsigned long unit;

	xa_for_each(&domain->iommu_array, unit, record)
		kfree(record);
	xa_destroy(&domain->iommu_array);
}
