# Once: select IOMMU_ENTRY_SYNC
/^config AMD_IOMMU$/,/^\thelp$/ s/^\tselect IOMMU_API$/&\n\tselect IOMMU_ENTRY_SYNC/
