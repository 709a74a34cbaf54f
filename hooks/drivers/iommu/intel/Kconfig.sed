# Step: 64-bit
# Entries are stored 16 bytes at a time, which 32-bit kernels cannot do.
# Once: depends on PCI_MSI && ACPI && X86_64
s/^\tdepends on PCI_MSI && ACPI && X86$/&_64/

# Step: inval
# Once: select IOMMU_ENTRY_SYNC
/^config INTEL_IOMMU$/,/^\thelp$/ s/^\tselect IOMMU_API$/&\n\tselect IOMMU_ENTRY_SYNC/
