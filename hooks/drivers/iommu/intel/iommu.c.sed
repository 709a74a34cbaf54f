# Once: .liveupdate
/^const struct iommu_ops intel_iommu_ops = \{$/,/^\};/ s/^\t\.page_response\t.*/&\
	.liveupdate		= PTR_IF(IS_ENABLED(CONFIG_INTEL_IOMMU_LIVEUPDATE),\
					 \&intel_liveupdate_ops),/
