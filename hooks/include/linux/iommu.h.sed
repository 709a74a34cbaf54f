# A driver may let devices translate through a live update.
#
# Once: const struct iommu_liveupdate_ops *liveupdate;
# Once: struct iommu_liveupdate_ops;
/^ \* @user_pasid_table: IOMMU driver supports user-managed PASID table. There is$/i\
 * @liveupdate: how devices translate through a live update, or NULL

/^struct iommu_ops \{$/,/^\};/ s/^\tu8 user_pasid_table:1;$/\tconst struct iommu_liveupdate_ops *liveupdate;\
&/
s/^struct iommu_dma_msi_cookie;$/&\
struct iommu_liveupdate_ops;/
