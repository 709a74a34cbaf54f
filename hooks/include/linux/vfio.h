/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_VFIO_H
#define _LINUX_VFIO_H

/*
 * For drivers that hand files of their devices to another kernel: with
 * CONFIG_VFIO_DEVICE_CDEV
 */
struct vfio_device *vfio_device_from_cdev_file(struct file *file);
bool vfio_cdev_file_is_bound(struct file *file);
struct file *vfio_device_open_cdev_file(struct vfio_device *device);

#endif /* _LINUX_VFIO_H */
