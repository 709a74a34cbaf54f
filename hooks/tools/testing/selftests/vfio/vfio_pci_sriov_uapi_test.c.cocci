@@
expression fd, iommufd, vf_token;
@@
 __vfio_device_bind_iommufd(fd, iommufd, vf_token
+	, NULL
 )
