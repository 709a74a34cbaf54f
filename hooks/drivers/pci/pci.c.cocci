// SPDX-License-Identifier: GPL-2.0
//
// Once: pci_liveupdate_is_retrieved(dev)
// Once: #include <linux/pci_liveupdate.h>
//
// A driver that enables a device gets its INTx unmasked. One that takes a device
// over as it runs must not: nobody may be there yet to handle what it signals.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier dev;
@@
do_pci_enable_device(struct pci_dev *dev, ...)
{
	<...
-	dev->msi_enabled || dev->msix_enabled
+	dev->msi_enabled || dev->msix_enabled || pci_liveupdate_is_retrieved(dev)
	...>
}
