/^void context_entry_block\(/d
