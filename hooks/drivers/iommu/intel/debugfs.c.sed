# Once: * Who changes an entry takes iommu->lock before
/^\t\t \* The iommu->lock is held across the callback, which will$/,/^\t\t \* the domain of the device will not change during traversal\.$/c\
		 * Who changes an entry takes iommu->lock before the domain that it\
		 * led to may go. It is held across the callback: the page table is\
		 * there during traversal.
