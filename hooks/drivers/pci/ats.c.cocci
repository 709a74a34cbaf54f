// SPDX-License-Identifier: GPL-2.0
//
// Once: pci_liveupdate_setup_ats(dev);
// Once: if (pci_liveupdate_is_incoming(dev) && dev->ats_enabled)
// Once: #include <linux/pci_liveupdate.h>
//
// A device that does DMA through a live update goes on with ATS, and with what it
// has cached.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier dev, pos;
@@
pci_ats_init(struct pci_dev *dev)
{
	int pos;
+
+	pci_liveupdate_setup_ats(dev);
	...
}

@@
identifier dev, ps;
@@
pci_prepare_ats(struct pci_dev *dev, int ps)
{
	...
	if (!pci_ats_supported(dev))
		return -EINVAL;
+
+	if (pci_liveupdate_is_incoming(dev) && dev->ats_enabled)
+		return pci_physfn(dev)->ats_stu == ps ? 0 : -EINVAL;
	...
}
