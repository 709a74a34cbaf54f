# Once: if (kexec_in_progress && pci_liveupdate_keep_master(pci_dev))
/^static void pci_device_shutdown\(/,/^\}$/s/^\t\tdrv->shutdown\(pci_dev\);$/&\n\n\t\/* What goes on with DMA keeps the Bus Master bit. *\/\n\tif (kexec_in_progress \&\& pci_liveupdate_keep_master(pci_dev))\n\t\treturn;/
