# The format of an entry is told once.
/^struct pasid_entry \{$/,/^$/d
/^#define PASID_ENTRY_PGTT_/d
s/^#define PASID_MAX\t/#include "entry_format.h"\
\
&/
