/^#include "liveupdate_?(boot|out|)\.h"$/d
/^\tif \(!intel_liveupdate_allows\(/,/^$/d
