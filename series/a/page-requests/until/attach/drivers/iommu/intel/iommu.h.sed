/^struct intel_iommu \{/,/^\};/ s/^\tstruct completion prq_complete;$/&\
	unsigned long prq_passes;	\/* How often the queue was read *\//
