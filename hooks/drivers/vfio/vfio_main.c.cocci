// SPDX-License-Identifier: GPL-2.0-only
//
// Once: if (device->retrieved_file && device->retrieved_file != df)
// Once: if (cmpxchg(&device->retrieved_file, df, NULL) == df)
//
// A device that runs for somebody is his who has retrieved it.

@@
identifier df, device;
@@
int vfio_df_open(struct vfio_device_file *df)
{
	...
	lockdep_assert_held(&device->dev_set->lock);
+
+	if (device->retrieved_file && device->retrieved_file != df)
+		return -EBUSY;
	...
}

@@
identifier df, device;
@@
vfio_device_fops_release(...)
{
	...
	struct vfio_device *device = df->device;
	...
+	if (cmpxchg(&device->retrieved_file, df, NULL) == df)
+		vfio_device_unblock_group(device);
	vfio_device_put_registration(device);
	...
}
