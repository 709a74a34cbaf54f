// SPDX-License-Identifier: GPL-2.0
//
// Once: !pci_liveupdate_keep_msi(dev, ctrl)) {
// Once: if (ctrl & PCI_MSIX_FLAGS_ENABLE && !pci_liveupdate_keep_msix(
//
// A device that came in has its messages masked. What it has to signal stays
// pending, which it might not if they were disabled.

@@
identifier dev, ctrl;
@@
pci_msi_init(struct pci_dev *dev)
{
	...
-	if (ctrl & PCI_MSI_FLAGS_ENABLE) {
+	if (ctrl & PCI_MSI_FLAGS_ENABLE && !pci_liveupdate_keep_msi(dev, ctrl)) {
		...
	}
	...
}

@@
identifier dev, ctrl;
@@
pci_msix_init(struct pci_dev *dev)
{
	...
-	if (ctrl & PCI_MSIX_FLAGS_ENABLE) {
+	if (ctrl & PCI_MSIX_FLAGS_ENABLE && !pci_liveupdate_keep_msix(dev)) {
		...
	}
}
