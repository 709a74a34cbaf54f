// SPDX-License-Identifier: GPL-2.0
//
// Once: pci_liveupdate_setup_device(dev);
// Once: if (!pci_liveupdate_is_unclaimed(dev))
// Once: !pci_assign_all_busses() && !broken) {
// Once: if (pci_assign_all_busses() || broken)
// Once: if (pci_liveupdate_lost_buses(dev))
//
// A device that does DMA through a live update runs while it is enumerated.

@@
identifier dev;
@@
pci_setup_device(struct pci_dev *dev)
{
	...
	dev->current_state = PCI_UNKNOWN;
+
+	pci_liveupdate_setup_device(dev);
	...
-	dev->broken_intx_masking = pci_intx_mask_broken(dev);
+	if (!pci_liveupdate_is_unclaimed(dev))
+		dev->broken_intx_masking = pci_intx_mask_broken(dev);
	...
}

// The unit translates by bus number.
@@
identifier dev;
@@
pci_scan_bridge_extend(..., struct pci_dev *dev, ...)
{
	<...
-	pcibios_assign_all_busses()
+	pci_assign_all_busses()
	...>
}

@@
identifier dev, bctl;
@@
pci_scan_bridge_extend(..., struct pci_dev *dev, ...)
{
	...
	pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl & ~PCI_BRIDGE_CTL_MASTER_ABORT);
+
+	if (pci_liveupdate_lost_buses(dev))
+		goto out;
	...
}
