// SPDX-License-Identifier: GPL-2.0-only

#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/file.h>

/**
 * vfio_device_from_cdev_file - the device that a file is of
 * @file: any file
 *
 * Context: Any.
 * Return: the device, if @file is its character device; NULL otherwise.
 */
struct vfio_device *vfio_device_from_cdev_file(struct file *file)
{
	struct vfio_device_file *df = file->private_data;

	return file->f_op == &vfio_device_fops && !df->group ? df->device : NULL;
}
EXPORT_SYMBOL_GPL(vfio_device_from_cdev_file);

/**
 * vfio_cdev_file_is_bound - whether user space drives a device by a file
 * @file: the character device of a device
 *
 * Context: Any.
 * Return: true if @file, and not another one of the device, is bound to iommufd.
 * It stays so until it is released.
 */
bool vfio_cdev_file_is_bound(struct file *file)
{
	struct vfio_device_file *df = file->private_data;

	/* Set last when it is bound */
	return smp_load_acquire(&df->access_granted);
}
EXPORT_SYMBOL_GPL(vfio_cdev_file_is_bound);

static int reserve_device(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	int ret;

	/* A container would claim it without opening it. */
	ret = vfio_device_block_group(device);
	if (ret)
		return ret;

	scoped_guard(mutex, &device->dev_set->lock) {
		if (!device->open_count && !device->retrieved_file) {
			device->retrieved_file = df;
			return 0;
		}
	}
	vfio_device_unblock_group(device);
	return -EBUSY;
}

/**
 * vfio_device_open_cdev_file - open a device's character device without its node
 * @device: the device; the caller keeps it from being freed
 *
 * Nobody else can open the device until the file is released.
 *
 * Context: May sleep.
 * Return: a file that user space has to bind to iommufd first; -ENODEV if the
 * device is unregistered; -EBUSY if it is open; another error if there is no
 * memory.
 */
struct file *vfio_device_open_cdev_file(struct vfio_device *device)
{
	struct vfio_device_file *df;
	struct file *file;
	int ret;

	/* Paired with the put in vfio_device_fops_release() */
	if (!vfio_device_try_get_registration(device))
		return ERR_PTR(-ENODEV);

	df = vfio_allocate_device_file(device);
	if (IS_ERR(df)) {
		vfio_device_put_registration(device);
		return ERR_CAST(df);
	}

	file = anon_inode_getfile_fmode("[vfio-device]", &vfio_device_fops, df,
					O_RDWR, FMODE_PREAD | FMODE_PWRITE);
	if (IS_ERR(file)) {
		kfree(df);
		vfio_device_put_registration(device);
		return file;
	}

	ret = reserve_device(df);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}

	/* Mappings of all files of the device are revoked in one go. */
	file->f_mapping = device->inode->i_mapping;
	return file;
}
EXPORT_SYMBOL_GPL(vfio_device_open_cdev_file);
