# Once: !pci_liveupdate_keep_master(pci_dev))
/^static void pci_device_shutdown\(/,/^\}$/s/^\tif \(kexec_in_progress && \((.*)\)\)$/\tif (kexec_in_progress \&\& \1 \&\&\n\t    !pci_liveupdate_keep_master(pci_dev))/
