# Step: selftest
# Once: #include <libvfio/iommu_pt.h>
s|^#include <libvfio/iova_allocator.h>$|#include <libvfio/iommu_pt.h>\n&|
# Step: live-selftest
# Once: #include <libvfio/iommu_file.h>
s|^#include <libvfio/iommu.h>$|&\n#include <libvfio/iommu_file.h>|
