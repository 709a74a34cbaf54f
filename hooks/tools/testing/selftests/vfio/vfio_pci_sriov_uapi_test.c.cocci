// What iommufd calls the device is of no interest here.
// Once: NULL);
@@
expression fd, iommufd, vf_token;
@@
 __vfio_device_bind_iommufd(fd, iommufd, vf_token
+	, NULL
 )
