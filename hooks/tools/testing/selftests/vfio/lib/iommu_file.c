// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <sys/ioctl.h>

#include <linux/iommufd.h>

#include "../../../kselftest.h"
#include <libvfio.h>

int __iommu_map_file(struct iommu *iommu, struct dma_region *region, int fd, u64 offset)
{
	struct iommu_ioas_map_file args = {
		.size = sizeof(args),
		.flags = IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = iommu->ioas_id,
		.fd = fd,
		.start = offset,
		.length = region->size,
		.iova = region->iova,
	};

	VFIO_ASSERT_NE(iommu->iommufd, 0, "Files need mode " MODE_IOMMUFD "\n");

	if (ioctl(iommu->iommufd, IOMMU_IOAS_MAP_FILE, &args))
		return -errno;

	list_add(&region->link, &iommu->dma_regions);

	return 0;
}

void iommu_map_file(struct iommu *iommu, struct dma_region *region, int fd, u64 offset)
{
	VFIO_ASSERT_EQ(__iommu_map_file(iommu, region, fd, offset), 0);
}
