/^#include "page_request.h"$/d
s/^\t\tpage_requests_drain\(from\);$/\t\tintel_iommu_drain_pasid_prq(info->dev, at->pasid);/
