# Once: select IOMMU_ENTRY_SYNC
/^config ARM_SMMU_V3$/,/^\thelp$/ s/^\tselect IOMMU_API$/&\n\tselect IOMMU_ENTRY_SYNC/
