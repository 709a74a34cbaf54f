// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include <sys/ioctl.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "../../../kselftest.h"
#include <libvfio.h>

static void iommufd_destroy(int iommufd, u32 id)
{
	struct iommu_destroy args = {
		.size = sizeof(args),
		.id = id,
	};

	ioctl_assert(iommufd, IOMMU_DESTROY, &args);
}

int __iommu_pt_init(struct iommu_pt *pt, struct vfio_pci_device *device, u32 flags)
{
	struct iommu_ioas_alloc ioas = {
		.size = sizeof(ioas),
	};
	struct iommu_hwpt_alloc hwpt = {
		.size = sizeof(hwpt),
		.flags = flags,
		.dev_id = device->dev_id,
	};

	VFIO_ASSERT_NE(device->iommu->iommufd, 0, "Page tables need mode " MODE_IOMMUFD "\n");

	*pt = (struct iommu_pt) {
		.iommu.mode = device->iommu->mode,
		.iommu.iommufd = device->iommu->iommufd,
	};
	INIT_LIST_HEAD(&pt->iommu.dma_regions);

	ioctl_assert(pt->iommu.iommufd, IOMMU_IOAS_ALLOC, &ioas);
	pt->iommu.ioas_id = ioas.out_ioas_id;

	hwpt.pt_id = ioas.out_ioas_id;
	if (ioctl(pt->iommu.iommufd, IOMMU_HWPT_ALLOC, &hwpt)) {
		int err = errno;

		iommufd_destroy(pt->iommu.iommufd, pt->iommu.ioas_id);
		return -err;
	}
	pt->id = hwpt.out_hwpt_id;

	return 0;
}

void iommu_pt_init(struct iommu_pt *pt, struct vfio_pci_device *device)
{
	VFIO_ASSERT_EQ(__iommu_pt_init(pt, device, 0), 0);
}

void iommu_pt_cleanup(struct iommu_pt *pt)
{
	iommufd_destroy(pt->iommu.iommufd, pt->id);
	iommufd_destroy(pt->iommu.iommufd, pt->iommu.ioas_id);
}

static int attach(struct vfio_pci_device *device, u32 flags, u32 pasid, u32 pt_id)
{
	struct vfio_device_attach_iommufd_pt args = {
		.argsz = sizeof(args),
		.flags = flags,
		.pt_id = pt_id,
		.pasid = pasid,
	};

	if (ioctl(device->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &args))
		return -errno;

	return 0;
}

int __vfio_pci_device_attach(struct vfio_pci_device *device, u32 pt_id)
{
	return attach(device, 0, 0, pt_id);
}

void vfio_pci_device_attach(struct vfio_pci_device *device, u32 pt_id)
{
	VFIO_ASSERT_EQ(__vfio_pci_device_attach(device, pt_id), 0);
}

u8 vfio_pci_device_pasid_bits(struct vfio_pci_device *device)
{
	struct iommu_hw_info args = {
		.size = sizeof(args),
		.dev_id = device->dev_id,
	};

	ioctl_assert(device->iommu->iommufd, IOMMU_GET_HW_INFO, &args);
	return args.out_max_pasid_log2;
}

int __vfio_pci_device_attach_pasid(struct vfio_pci_device *device, u32 pasid, u32 pt_id)
{
	return attach(device, VFIO_DEVICE_ATTACH_PASID, pasid, pt_id);
}

void vfio_pci_device_detach_pasid(struct vfio_pci_device *device, u32 pasid)
{
	struct vfio_device_detach_iommufd_pt args = {
		.argsz = sizeof(args),
		.flags = VFIO_DEVICE_DETACH_PASID,
		.pasid = pasid,
	};

	ioctl_assert(device->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &args);
}
