/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_FILE_H
#define SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_FILE_H

#include <linux/types.h>

#include <libvfio/iommu.h>

/*
 * Map @region to a file, from @offset bytes of it on; region->vaddr is where the
 * caller has the same memory. A device whose address space maps nothing but files can
 * be preserved in a live update. Returns 0 or -errno.
 */
int __iommu_map_file(struct iommu *iommu, struct dma_region *region, int fd, u64 offset);
void iommu_map_file(struct iommu *iommu, struct dma_region *region, int fd, u64 offset);

#endif /* SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_FILE_H */
