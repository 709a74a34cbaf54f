/^void context_entry_restore\(/,/;$/d
