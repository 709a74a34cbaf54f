/^#include "detour.h"$/d
/^ \* @detour: how it gets there$/d
/^\tstruct detour detour;$/d
/^\tat->detour.ids = /,/^\t\tdetour_prepare/d
/^\tif \(at->detour.did\)$/ {
	N
	/detour_install/ {
		N
		s/.*\n\telse if \(at->entry\)/\tif (at->entry)/
	}
	/detour_commit/d
}
