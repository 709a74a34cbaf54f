# Once: bool			interrupts_lost:1;
/^struct vfio_pci_core_device \{/,/^\};/ s/^\tbool\t\t\tdisable_vga:1;$/&\
	\/* In a live update: whoever sets some up has to look once *\/\
	bool			interrupts_lost:1;/
