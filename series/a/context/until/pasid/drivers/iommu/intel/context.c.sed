# Entries are still torn down before.
/^\t\tpasid_entry_block\(info\);$/d
