// SPDX-License-Identifier: GPL-2.0
//
// Once: #include <linux/vfio_liveupdate.h>
// Once: vfio_liveupdate_init();
// Once: vfio_liveupdate_exit();
//
// Files of VFIO devices are handed over by VFIO itself, be it built in or a
// module: no device is there before it is loaded, nor when it is unloaded.

@@
@@
#include <linux/vfio.h>
+ #include <linux/vfio_liveupdate.h>

@@
@@
vfio_init(...)
{
	...
+	vfio_liveupdate_init();
	return 0;
	...
}

@@
@@
vfio_cleanup(...)
{
+	vfio_liveupdate_exit();
	...
}
