# A unit counts however it came to the domain.
/^static bool domain_support_force_snooping\(/,/^\}$/ {
	s/^\tstruct device_domain_info \*info;$/&\
	struct dev_pasid_info *dev_pasid;/
	/^\treturn support;$/i\
	list_for_each_entry(dev_pasid, &domain->dev_pasids, link_domain) {\
		info = dev_iommu_priv_get(dev_pasid->dev);\
		if (!ecap_sc_support(info->iommu->ecap))\
			support = false;\
	}\

}
