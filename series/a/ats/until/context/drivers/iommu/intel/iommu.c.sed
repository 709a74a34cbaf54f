# While the entry still serves ATS
/^static void domain_context_clear\(struct device_domain_info \*info\)$/,/^\}$/ {
	/^\tiommu_disable_pci_ats\(info\);$/d
	s/^\tpci_for_each_dma_alias\(to_pci_dev\(info->dev\),$/\tiommu_disable_pci_ats(info);\
&/
}
