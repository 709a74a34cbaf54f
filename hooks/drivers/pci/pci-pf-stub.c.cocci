// SPDX-License-Identifier: GPL-2.0
//
// Once: .hands_off = true,
//
// Virtual functions can do DMA through a live update under this driver.

@@
@@
struct pci_driver pf_stub_driver = {
	.sriov_configure = pci_sriov_configure_simple,
+	.hands_off		= true,
};
