// SPDX-License-Identifier: GPL-2.0
//
// Once: struct pci_dev_ser *liveupdate_outgoing;
//
// A device is handed to the next kernel, came from the one before, or both. So
// are the bridges above it, which several devices may share.

@@
@@
struct pci_dev {
	...
	struct pcie_bwctrl_data *link_bwctrl;
+#ifdef CONFIG_PCI_LIVEUPDATE
+	/* What is handed to the next kernel of it */
+	struct pci_dev_ser *liveupdate_outgoing;
+	/* How many devices came in: itself, or by way of it */
+	unsigned int liveupdate_incoming;
+	/* It came in for the sake of its virtual functions alone */
+	bool liveupdate_for_vfs;
+	/* It came in, and was reset on the way */
+	bool liveupdate_lost_buses;
+	/* It came in, and its messages are as they were */
+	bool liveupdate_messages;
+	/* It came in, and a driver has got it since */
+	bool liveupdate_claimed;
+	/* It came in, and its driver takes it over as it runs */
+	bool liveupdate_retrieved;
+#endif
	...
};
