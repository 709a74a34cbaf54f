# Once: F:	Documentation/driver-api/intel-iommu/
/^F:\tdrivers\/iommu\/intel\/$/i\
F:	Documentation/driver-api/intel-iommu/
