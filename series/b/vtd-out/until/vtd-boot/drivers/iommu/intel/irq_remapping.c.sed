/^#include "liveupdate_boot\.h"$/d
