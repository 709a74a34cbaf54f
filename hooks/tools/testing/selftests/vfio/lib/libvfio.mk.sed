# Step: selftest
# Once: LIBVFIO_C += iommu_pt.c
s/^LIBVFIO_C \+= iova_allocator.c$/LIBVFIO_C += iommu_pt.c\n&/
# Step: live-selftest
# Once: LIBVFIO_C += iommu_file.c
s/^LIBVFIO_C := iommu.c$/&\nLIBVFIO_C += iommu_file.c/
