/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address spaces that stay as they are through a live update, for those who own
 * the devices
 */
#ifndef _LINUX_IOMMUFD_LIVEUPDATE_H
#define _LINUX_IOMMUFD_LIVEUPDATE_H

struct iommu_domain;
struct iommufd_device;
struct luo_file_set;

struct iommu_domain *iommufd_device_preserve(struct iommufd_device *idev,
					     struct luo_file_set *files);
void iommufd_device_unpreserve(struct iommufd_device *idev);

#endif /* _LINUX_IOMMUFD_LIVEUPDATE_H */
