s/^#include <linux\/io.h>$/#include <linux\/idr.h>\
&/
s/^#include "did.h"$/#include "iommu.h"/
s/^\t\tdid_reserve\(iommu, did\);$/\t\tida_alloc_range(\&iommu->domain_ida, did, did, GFP_KERNEL);/
