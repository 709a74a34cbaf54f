/^struct dmar_domain \{/,/^\};/ s/^\tstruct list_head cache_tags;.*/&\
	struct list_head units;		\/* Units that it is attached to *\//
