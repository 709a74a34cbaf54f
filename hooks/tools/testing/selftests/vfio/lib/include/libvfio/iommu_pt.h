/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_PT_H
#define SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_PT_H

#include <linux/types.h>

#include <libvfio/iommu.h>
#include <libvfio/vfio_pci_device.h>

/*
 * A page table for a device, with mappings of its own: iommu_map() and the like
 * take @iommu. Several of one device map the same IOVAs to different memory.
 */
struct iommu_pt {
	struct iommu iommu;
	u32 id;
};

/* @flags are those of IOMMU_HWPT_ALLOC. Returns 0 or -errno. */
int __iommu_pt_init(struct iommu_pt *pt, struct vfio_pci_device *device, u32 flags);
void iommu_pt_init(struct iommu_pt *pt, struct vfio_pci_device *device);
/* It must be attached to nothing. */
void iommu_pt_cleanup(struct iommu_pt *pt);

/*
 * Translate by another page table, for requests without PASID. What the device
 * does meanwhile must not fail where the IOMMU can replace one by the other.
 * @pt_id is that of a page table, or of an IOAS. Returns 0 or -errno.
 */
int __vfio_pci_device_attach(struct vfio_pci_device *device, u32 pt_id);
void vfio_pci_device_attach(struct vfio_pci_device *device, u32 pt_id);

/*
 * How many bits the PASIDs of a device may have, 0 if it has none. To attach to one is
 * no error then, and has no effect.
 */
u8 vfio_pci_device_pasid_bits(struct vfio_pci_device *device);

/* The same for requests with @pasid */
int __vfio_pci_device_attach_pasid(struct vfio_pci_device *device, u32 pasid, u32 pt_id);
void vfio_pci_device_detach_pasid(struct vfio_pci_device *device, u32 pasid);

#endif /* SELFTESTS_VFIO_LIB_INCLUDE_LIBVFIO_IOMMU_PT_H */
