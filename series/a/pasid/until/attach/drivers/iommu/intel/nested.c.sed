# By the writer, which builds what it is told to
/^static int intel_nested_attach_dev\(/i\
static int check_stage1(struct dmar_domain *domain, struct intel_iommu *iommu)\
{\
	const struct iommu_hwpt_vtd_s1 *s1 = &domain->s1_cfg;\
\
	if (s1->addr_width != ADDR_WIDTH_4LEVEL &&\
	    (s1->addr_width != ADDR_WIDTH_5LEVEL ||\
	     !cap_fl5lp_support(iommu->cap)))\
		return -EINVAL;\
	if ((s1->flags & IOMMU_VTD_S1_SRE) && !ecap_srs(iommu->ecap))\
		return -EINVAL;\
	if ((s1->flags & IOMMU_VTD_S1_EAFE) && !ecap_eafs(iommu->ecap))\
		return -EINVAL;\
	return 0;\
}\
\
static int setup_nested(struct dmar_domain *domain,\
			struct device_domain_info *info, ioasid_t pasid)\
{\
	int ret = check_stage1(domain, info->iommu);\
\
	return ret ?: pasid_entry_set(info, pasid, &domain->domain,\
				      domain_id_iommu(domain, info->iommu));\
}\

/^static int domain_setup_nested\(/,/^\}$/d
/^static int intel_nested_attach_dev\(/,/^\}$/ {
	s/^\tret = intel_pasid_setup_nested\(iommu, dev,$/\tret = setup_nested(dmar_domain, info, IOMMU_NO_PASID);/
	/^\t\t\t\t       IOMMU_NO_PASID, dmar_domain\);$/d
}
s/^\tret = domain_setup_nested\(iommu, dmar_domain, dev, pasid, old\);$/\tret = setup_nested(dmar_domain, info, pasid);/
