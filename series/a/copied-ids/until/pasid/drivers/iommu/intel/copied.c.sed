s/const struct pasid_entry \*table = map_old/struct pasid_entry *table = map_old/
s/memunmap\(\(void \*\)table\)/memunmap(table)/
s/PASID_PDE_P\)/PASID_PTE_PRESENT)/
s/PASID_PDE_TABLE/PDE_PFN_MASK/
s/CONTEXT_SM_PASIDDIRPTR/VTD_PAGE_MASK/
