// Keep what iommufd calls the device: a page table is made for that.
// Once: if (dev_id)
@@
identifier fd, iommufd, vf_token;
@@
 int __vfio_device_bind_iommufd(int fd, int iommufd, const char *vf_token
+	, u32 *dev_id
 )
 {
 	...
+	if (dev_id)
+		*dev_id = args.out_devid;
 	return 0;
 }

@@
identifier fd, iommufd, vf_token;
@@
 static void vfio_device_bind_iommufd(int fd, int iommufd, const char *vf_token
+	, u32 *dev_id
 )
 {
 	...
 }

@@
identifier fn != {vfio_device_bind_iommufd};
expression device;
@@
 fn(...)
 {
 	<...
 	vfio_device_bind_iommufd(device->fd, device->iommu->iommufd, vf_token
+		, &device->dev_id
 	);
 	...>
 }

@@
expression fd, iommufd, vf_token;
@@
 __vfio_device_bind_iommufd(fd, iommufd, vf_token
+	, dev_id
 )
