# Step: attach
# What a semantic patch leaves
/^static void intel_iommu_probe_finalize\(/,/^\}$/{
/^\tif \(sm_supported\(iommu\) && .*\{$/,/^\t\}$/{
s/ \{$//
/^\t\}$/d
}
}
/^static struct dmar_domain \*paging_domain_alloc\(/,/^\}$/s/^\t\treturn ERR_PTR\(-ENOMEM\);$/&\n/
# Step: vtd-ops
# Once: .liveupdate
/^const struct iommu_ops intel_iommu_ops = \{$/,/^\};/ s/^\t\.page_response\t.*/&\
	.liveupdate		= PTR_IF(IS_ENABLED(CONFIG_INTEL_IOMMU_LIVEUPDATE),\
					 \&intel_liveupdate_ops),/
