/^bool pasid_is_in_use\(/d
