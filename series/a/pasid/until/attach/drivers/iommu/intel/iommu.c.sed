# By the writer
/^static int domain_setup_second_level\(/,/^\}$/c\
static int domain_setup_paging(struct intel_iommu *iommu,\
			       struct dmar_domain *domain,\
			       struct device *dev, ioasid_t pasid)\
{\
	return pasid_entry_set(dev_iommu_priv_get(dev), pasid, &domain->domain,\
			       domain_id_iommu(domain, iommu));\
}
/^static int domain_setup_passthrough\(/,/^\}$/c\
static int domain_setup_passthrough(struct device *dev, ioasid_t pasid)\
{\
	struct iommu_domain identity = { .type = IOMMU_DOMAIN_IDENTITY };\
\
	return pasid_entry_set(dev_iommu_priv_get(dev), pasid, &identity,\
			       FLPT_DEFAULT_DID);\
}
/^static int domain_setup_first_level\(/,/^\}$/d
/^static int dmar_domain_attach_device\(/,/^\}$/ {
	/^\telse if \(intel_domain_is_fs_paging\(domain\)\)$/,/^\t\tret = -EINVAL;$/c\
	else\
		ret = domain_setup_paging(iommu, domain, dev, IOMMU_NO_PASID);
}
/^static int intel_iommu_set_dev_pasid\(/,/^\}$/ {
	/^\tif \(intel_domain_is_fs_paging\(dmar_domain\)\)$/,/^\t\tret = -EINVAL;$/c\
	ret = domain_setup_paging(iommu, dmar_domain, dev, pasid);
	/^\t\tret = -EINVAL;$/,/^$/ { /^$/d }
}
s/domain_setup_passthrough\(iommu, dev, pasid, old\)/domain_setup_passthrough(dev, pasid)/
s/intel_pasid_setup_pass_through\(iommu, dev, IOMMU_NO_PASID\)/domain_setup_passthrough(dev, IOMMU_NO_PASID)/
s/intel_pasid_tear_down_entry\(info->iommu, dev, pasid, false\)/pasid_entry_clear(info, pasid)/
/^void device_block_translation\(/,/^\}$/ {
	s/intel_pasid_tear_down_entry\(iommu, dev,$/pasid_entry_clear(info, IOMMU_NO_PASID);/
	/^\t\t\t\t\t\t    IOMMU_NO_PASID, false\);$/d
}

# The writer goes by what the domain says.
/^static bool intel_iommu_enforce_cache_coherency_fs\(/,/^\}$/ {
	/^\tstruct device_domain_info \*info;$/d
	/^\tlist_for_each_entry\(info/,/IOMMU_NO_PASID\);$/c\
	domain_refresh_entries(dmar_domain);
}
/^static bool domain_support_force_snooping\(/i\
/* A PASID that changes domains may have the entry of another one. */\
static void domain_refresh_entry(struct dmar_domain *domain,\
				 struct device_domain_info *info,\
				 ioasid_t pasid)\
{\
	struct dev_pasid_info ap = {\
		.dev = info->dev,\
		.pasid = pasid,\
		.domain = domain,\
	};\
\
	ap.live = pasid_entry_has_did(info, pasid,\
				      domain_id_iommu(domain, info->iommu));\
	pasid_entry_refresh(&ap);\
}\
\
/* Bring control bits of a domain into live entries. */\
static void domain_refresh_entries(struct dmar_domain *domain)\
{\
	struct dev_pasid_info *dev_pasid;\
	struct device_domain_info *info;\
\
	lockdep_assert_held(&domain->lock);\
	list_for_each_entry(info, &domain->devices, link)\
		domain_refresh_entry(domain, info, IOMMU_NO_PASID);\
	list_for_each_entry(dev_pasid, &domain->dev_pasids, link_domain)\
		domain_refresh_entry(domain,\
				     dev_iommu_priv_get(dev_pasid->dev),\
				     dev_pasid->pasid);\
}\

/^\/\* Set dirty tracking for the devices that the domain has been attached. \*\/$/,/^\}$/d
/^static int parent_domain_set_dirty_tracking\(/,/^\}$/c\
static void domain_refresh_children(struct dmar_domain *domain)\
{\
	struct dmar_domain *s1_domain;\
\
	guard(spinlock)(&domain->s1_lock);\
	list_for_each_entry(s1_domain, &domain->s1_domains, s2_link) {\
		guard(spinlock_irqsave)(&s1_domain->lock);\
		domain_refresh_entries(s1_domain);\
	}\
}
/^static void \*intel_iommu_hw_info\(/,$ {
	/^static int intel_iommu_set_dirty_tracking\(/,/^\}$/c\
static int intel_iommu_set_dirty_tracking(struct iommu_domain *domain,\
					  bool enable)\
{\
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);\
\
	guard(spinlock_irqsave)(&dmar_domain->lock);\
	if (dmar_domain->dirty_tracking == enable)\
		return 0;\
\
	dmar_domain->dirty_tracking = enable;\
	domain_refresh_entries(dmar_domain);\
	if (dmar_domain->nested_parent)\
		domain_refresh_children(dmar_domain);\
	return 0;\
}
}
