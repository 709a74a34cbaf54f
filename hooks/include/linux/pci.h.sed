# What depends on a device may go on as it is.
# Once: bool hands_off;
/^struct pci_driver \{$/,/^\};$/s/^\tbool driver_managed_dma;$/&\n\tbool hands_off;\t\t\/* Leaves devices alone, but for VFs *\//
