s/mutex_init\(&info->entry_lock\);/spin_lock_init(\&info->entry_lock);/
/^\tmutex_destroy\(&info->entry_lock\);$/d
# By the writer
/^domain_context_mapping\(struct dmar_domain \*domain, struct device \*dev\)$/,/^\}$/c\
domain_context_mapping(struct dmar_domain *domain, struct device *dev)\
{\
	struct device_domain_info *info = dev_iommu_priv_get(dev);\
	int ret;\
\
	if (WARN_ON(!intel_domain_is_ss_paging(domain)))\
		return -EINVAL;\
\
	ret = context_entries_alloc(info);\
	if (ret)\
		return ret;\
\
	scoped_guard(spinlock_irqsave, &info->entry_lock)\
		context_entries_install(info, &domain->domain,\
					domain_id_iommu(domain, info->iommu));\
	iommu_enable_pci_ats(info);\
\
	return 0;\
}
/^static void domain_context_clear\(struct device_domain_info \*info\)$/,/^\}$/c\
static void domain_context_clear(struct device_domain_info *info)\
{\
	struct iommu_domain blocked = { .type = IOMMU_DOMAIN_BLOCKED };\
\
	iommu_disable_pci_ats(info);\
	scoped_guard(spinlock_irqsave, &info->entry_lock)\
		context_entries_install(info, &blocked, 0);\
	context_await_readers(info->iommu);\
}
/^static int device_setup_pass_through\(struct device \*dev\)$/,/^\}$/c\
static int device_setup_pass_through(struct device *dev)\
{\
	struct iommu_domain identity = { .type = IOMMU_DOMAIN_IDENTITY };\
	struct device_domain_info *info = dev_iommu_priv_get(dev);\
	int ret = context_entries_alloc(info);\
\
	if (ret)\
		return ret;\
\
	guard(spinlock_irqsave)(&info->entry_lock);\
	context_entries_install(info, &identity, 0);\
	return 0;\
}
