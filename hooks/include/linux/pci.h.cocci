// SPDX-License-Identifier: GPL-2.0
//
// Once: atomic_t liveupdate_cnt;
//
// A device that is kept keeps the bridges above it, and so each has a count.

@@
@@
struct pci_dev {
	...
	struct pcie_bwctrl_data *link_bwctrl;
+#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
+	/* Devices whose DMA must go on: this one, and those below it */
+	atomic_t liveupdate_cnt;
+#endif
	...
};
