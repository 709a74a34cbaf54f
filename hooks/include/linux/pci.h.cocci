// SPDX-License-Identifier: GPL-2.0
//
// Once: atomic_t liveupdate_outgoing;
//
// A device that is preserved keeps the bridges above it, and so each has a count.

@@
@@
struct pci_dev {
	...
	struct pcie_bwctrl_data *link_bwctrl;
+#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
+	/* Devices that are preserved: this one, and those below it */
+	atomic_t liveupdate_outgoing;
+	bool liveupdate_awaited;
+	bool liveupdate_retrieved;
+#endif
	...
};
