/^#include "liveupdate_out\.h"$/d
/^\tif \(!intel_liveupdate_allows\(/,/^$/d
