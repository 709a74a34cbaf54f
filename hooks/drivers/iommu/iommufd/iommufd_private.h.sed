# Step: iommufd-indices
# Once: struct ida indices;
# Once: unsigned int index;
/^struct iommufd_group \{/,/^\};/ s/^\tstruct xarray pasid_attach;$/&\
	struct ida indices; \/* Of its devices *\//
/^struct iommufd_device \{/,/^\};/ s/^\tstruct list_head group_item;$/&\
	unsigned int index; \/* In its group *\//

# Step: iommufd
# Once: unsigned int preserved;
# Once: struct iommufd_hwpt_paging *preserved;
# Once: iommufd_device_get_hwpt(
/^struct io_pagetable \{/,/^\};/ s/^\tunsigned long iova_alignment;$/&\
	\/* For a live update: how many devices need it to stay as it is *\/\
	unsigned int preserved;/
/^struct iommufd_device \{/,/^\};/ s/^\tbool destroying;$/&\
	struct iommufd_hwpt_paging *preserved; \/* For a live update *\//
/^struct device \*iommufd_global_device\(void\);$/i\
struct iommufd_hw_pagetable *\
iommufd_device_get_hwpt(struct iommufd_device *idev);\

