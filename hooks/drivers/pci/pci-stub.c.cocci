// SPDX-License-Identifier: GPL-2.0
//
// Once: .hands_off = true,
//
// Virtual functions can do DMA through a live update under this driver.

@@
@@
struct pci_driver stub_driver = {
	.driver_managed_dma = true,
+	.hands_off = true,
};
