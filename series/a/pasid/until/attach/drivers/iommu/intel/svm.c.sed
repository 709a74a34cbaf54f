# By the writer
/^static void intel_mm_release\(/,/^\}$/ {
	s/^\tstruct dev_pasid_info \*dev_pasid;$/\tstruct dev_pasid_info ap = { .domain = domain, .live = true };\
&/
	/^\tstruct device_domain_info \*info;$/d
	s/^\t\tinfo = dev_iommu_priv_get\(dev_pasid->dev\);$/\t\tap.dev = dev_pasid->dev;/
	s/^\t\tintel_pasid_tear_down_entry\(.*/\t\tap.pasid = dev_pasid->pasid;/
	s/^\t\t\t\t\t    dev_pasid->pasid, true\);$/\t\tpasid_entry_tear_down(\&ap);/
}
/^static int intel_svm_set_dev_pasid\(/,/^\}$/ {
	/^\tstruct intel_iommu \*iommu = info->iommu;$/d
	/^\tstruct mm_struct \*mm = domain->mm;$/d
	/^\tunsigned long sflags;$/d
	/^\tsflags/d
	s/__domain_setup_first_level\(iommu, dev, pasid,$/pasid_entry_set(info, pasid, domain, FLPT_DEFAULT_DID);/
	/^\t\t\t\t\t FLPT_DEFAULT_DID, __pa\(mm->pgd\),$/d
	/^\t\t\t\t\t sflags, old\);$/d
}
