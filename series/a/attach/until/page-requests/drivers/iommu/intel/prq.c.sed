s/^\tdid = domain \? domain_id_iommu\(domain, iommu\) : FLPT_DEFAULT_DID;$/\tdid = domain ? info->attachment->did : FLPT_DEFAULT_DID;/
