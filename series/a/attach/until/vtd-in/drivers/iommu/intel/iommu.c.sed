/^#include "liveupdate\.h"$/d
