# Step: inval
# KUnit watches what is written back, and an inline function has no one address
# to redirect.
# Gone: clflush_cache_range(addr, size);
# Once: iommu_write_back(iommu, addr, size);
# Once: void iommu_write_back(struct intel_iommu *iommu,
/^static inline void __iommu_flush_cache\($/i\
void iommu_write_back(struct intel_iommu *iommu, void *addr, int size);\

s/^(\t\t)clflush_cache_range\(addr, size\);$/\1iommu_write_back(iommu, addr, size);/

# Once: unsigned int	quantum_words;
/^struct intel_iommu \{/,/^\};/ s/^\tu64\t\tecap;.*/&\
	unsigned int	quantum_words; \/* Of an entry, that move at once *\//

# Once: #define QI_OPT_POST
# Once: int qi_wait(struct intel_iommu *iommu,
s/^#define QI_OPT_WAIT_DRAIN\t\tBIT\(0\)$/&\
\/* Do not wait: qi_wait() does. Interrupts are off until then. *\/\
#define QI_OPT_POST\t\t\tBIT(1)\
int qi_wait(struct intel_iommu *iommu, int index, int count);/

# Step: context
# Once: struct mutex entry_lock;
/^struct device_domain_info \{/,/^\};/ s/\tstruct pasid_table \*pasid_table;.*/&\
	struct mutex entry_lock; \/* One writer of the entries at a time *\//

# Step: pasid
# Nothing uses them any more.
# Gone: #define context_pdts(
# Gone: #define CONTEXT_PASIDE
/^\/\* Convert value to context PASID directory size field coding. \*\/$/d
/^#define context_pdts\(/,/^$/d
/^#define CONTEXT_PASIDE/d

# Step: ids
# Once: u16		spare_did;
/^struct intel_iommu \{/,/^\};/ s/^\tunsigned int\tquantum_words;[^\n]*/&\
	u16		spare_did; \/* Given back last, or 0 *\//M

# Once: struct xarray attachments;
/^struct device_domain_info \{/,/^\};/ s/\tstruct pasid_table \*pasid_table;[^\n]*/&\
	struct dev_pasid_info *attachment; \/* Of the requests without PASID *\/\
	struct xarray attachments; \/* dev_pasid_info of each PASID *\//

# One record for each attachment, of the requester ID as of a PASID, and one for
# each unit that a domain is attached to.
#
# Once: struct domain_unit *parent_unit;
/^struct dev_pasid_info \{/,/^\};/ s/^\tioasid_t pasid;$/&\
	struct dmar_domain *domain;\
	struct domain_unit *unit;	\/* The domain on the unit of @dev *\/\
	struct domain_unit *parent_unit; \/* Its parent there, if it is nested *\/\
	u16 did;			\/* Tags what is cached of it *\/\
	bool live;			\/* The entry is of this domain *\/\
	unsigned int visitors;		\/* Who looks at it without a lock *\//

# Step: attach
# Gone: struct list_head devices;
# Gone: struct list_head cache_tags;
# Gone: struct qi_batch *qi_batch;
# Gone: struct xarray iommu_array;
# Once: struct list_head units;
/^struct dmar_domain \{/,/^\};/ {
	/\tstruct list_head devices;/d
	s/(\tstruct list_head dev_pasids;).*/\1	\/* all attachments *\//
	s/(\tspinlock_t cache_lock;).*/\1		\/* Protect units and their cache tags *\//
	s/\tstruct list_head cache_tags;.*/\tstruct list_head units;		\/* Units that it is attached to *\//
	/\tstruct qi_batch \*qi_batch;/d
	/\tstruct xarray iommu_array;/d
}

# Gone: struct list_head link;
# Gone: u8 domain_attached:1;
/^struct device_domain_info \{/,/^\};/ {
	/\tstruct list_head link;/d
	/\tu8 domain_attached:1;/d
}

# Gone: struct list_head node;
/^struct cache_tag \{/,/^\};/ s/^\tstruct list_head node;$/\tstruct rb_node node;/

# Gone: struct completion prq_complete;
# Once: unsigned long prq_passes;
/^struct intel_iommu \{/,/^\};/ s/^\tstruct completion prq_complete;$/\tunsigned long prq_passes;	\/* How often the queue was read *\//

# Step: vtd-out
# Once: struct iommu_domain *preserved;
/^struct device_domain_info \{/,/^\};/ s/\tstruct mutex entry_lock;[^\n]*/&\
	struct iommu_domain *preserved; \/* For a live update: nothing else is attached *\//
