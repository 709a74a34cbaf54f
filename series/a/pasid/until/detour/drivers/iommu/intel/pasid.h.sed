/^bool pasid_entry_is_hitless\(/,/;$/d
