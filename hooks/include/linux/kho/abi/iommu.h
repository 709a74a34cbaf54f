/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KHO_ABI_IOMMU_H
#define _LINUX_KHO_ABI_IOMMU_H

/**
 * DOC: IOMMU live update ABI
 *
 * The file-lifecycle-bound object %IOMMU_LUO_FLB_COMPATIBLE has the physical
 * address of what the driver of the IOMMUs hands over. What that is, and whose,
 * it says itself: it begins with a magic number and a version of its own.
 */

/* The compatible string of the file-lifecycle-bound object */
#define IOMMU_LUO_FLB_COMPATIBLE	"iommu-v1"

#endif /* _LINUX_KHO_ABI_IOMMU_H */
