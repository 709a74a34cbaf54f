// SPDX-License-Identifier: GPL-2.0
//
// Once: if (pci_liveupdate_is_retrieved(dev))
// Once: if (!pci_liveupdate_claim(dev))
// Once: if (pci_command & PCI_COMMAND_MASTER &&
// Once: pci_liveupdate_drop_messages(dev);
// Once: if (pci_liveupdate_keep_ari(dev))
// Once: #include <linux/pci_liveupdate.h>
//
// A driver that enables a device gets its INTx unmasked. One that takes a device
// over as it runs must not: nobody may be there yet to handle what it signals.
// Any other one finds messages disabled, as ever. Where there is none, as in a
// fixup, all stays as it is.

@@
@@
#include <linux/pci.h>
+ #include <linux/pci_liveupdate.h>

@@
identifier dev;
@@
do_pci_enable_device(struct pci_dev *dev, ...)
{
	...
+	if (!pci_liveupdate_claim(dev))
+		return 0;
+	if (pci_liveupdate_is_retrieved(dev))
+		return 0;
+	pci_liveupdate_drop_messages(dev);
+
	if (dev->msi_enabled || dev->msix_enabled)
		return 0;
	...
}

@@
identifier dev, pci_command;
@@
do_pci_disable_device(struct pci_dev *dev)
{
	<...
-	if (pci_command & PCI_COMMAND_MASTER) {
+	if (pci_command & PCI_COMMAND_MASTER &&
+	    !pci_liveupdate_is_unclaimed(dev)) {
		...
	}
	...>
}

@@
identifier dev, bridge;
type T;
identifier cap;
@@
pci_configure_ari(struct pci_dev *dev)
{
	T cap;
	struct pci_dev *bridge;
+
+	if (pci_liveupdate_keep_ari(dev))
+		return;
	...
}
