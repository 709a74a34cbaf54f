# Entries are still torn down before.
/^\t\tpasid_entry_block\(info\);$/d
s/virt_to_phys\(info->pasid_table->table\)/virt_to_phys(info->pasid_table->table)/
