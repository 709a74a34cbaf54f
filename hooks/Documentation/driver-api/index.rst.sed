# Once: intel-iommu/index
s|^   interconnect$|   intel-iommu/index\n&|
