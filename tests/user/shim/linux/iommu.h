/* SPDX-License-Identifier: GPL-2.0 */
/* User space: as much of units and domains as detour.c goes by */
#ifndef _SHIM_LINUX_IOMMU_H
#define _SHIM_LINUX_IOMMU_H

#include <linux/types.h>
#include <linux/xarray.h>

/* The driver's header of the same name needs the whole kernel. */
#define _INTEL_IOMMU_H_

#define IOMMU_DOMAIN_BLOCKED	0
#define IOMMU_DOMAIN_IDENTITY	1
#define FLPT_DEFAULT_DID	1
#define IOMMU_NO_PASID		0

typedef u32 ioasid_t;

struct device;
struct dmar_domain;
struct domain_unit;

struct iommu_domain {
	unsigned int type;
};

struct intel_iommu {
	unsigned int quantum_words;
};

struct iommu_domain_info {
	struct intel_iommu *iommu;
	unsigned int refcnt;
	u16 did;
};

struct dev_pasid_info {
	struct dmar_domain *domain;
	struct domain_unit *unit;
};

struct device_domain_info {
	struct dev_pasid_info *attachment;
	struct xarray attachments;
};

struct cache_tag {
	unsigned int users;
};

/* Nothing is invalidated in a proof, but what did.h holds has a size. */
#define _INTEL_INVAL_H_

struct inv_posted {
	int index;
	int count;
};

#endif
