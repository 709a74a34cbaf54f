/^ \* the upper levels of page tables. Ids are scarce, and so an id passes from the$/ {
	N
	s/.*/ * the upper levels of page tables./
}
/^ \* The unit's did_lock is held for moments only. A change that relies on having$/,/^ \*\/$/c\
 * The unit's did_lock is held for moments only.\
 */
s/^\tif \(!is_nested\(ap->domain\)\)$/\tif (ap->domain->domain.type != IOMMU_DOMAIN_NESTED)/
/^ \* The id is that of @from if nobody else has it and the domains may bear one id$/,/^ \* transit must not call it.$/c\
 * Context: May sleep. Takes the unit's did_lock.
/^int did_enter\(/,/^\}$/ {
	/^\twait_var_event_mutex\(/,/did_lock\);$/d
	s/^\tret = enter\(ids\);$/\tret = get_did(to->domain, to->unit);/
}
/^void did_undo\(/,/^\}$/ {
	/^\tif \(ids->handed_down\)$/,/^\telse$/d
	s/^\t\tput_did/\tput_did/
	/^\tsettle\(/d
}
/^void did_leave\(/,/^\}$/ {
	/^\tsettle\(/d
	/^\tif \(!ids->handed_down\)$/d
	s/^\t\tput_did/\tput_did/
}
/^#include <linux\/wait_bit.h>$/d
