// SPDX-License-Identifier: GPL-2.0
//
// Once: #include "memfd_luo_hold.h"
// Once: err = memfd_luo_hold(args,
// Once: memfd_luo_keep_size(file, true);
// Once: memfd_luo_release(args);
//
// Devices write to the memory of a file that is retrieved, see memfd_luo_hold.c.

@@
@@
#include "internal.h"
+ #include "memfd_luo_hold.h"

// All of them are held: there is none that is not restored, or that is left over.
@@
expression phys;
identifier folio;
@@
memfd_luo_retrieve_folios(...)
{
	<...
-	folio = kho_restore_folio(phys);
-	if (!folio) { ... goto put_folios; }
+	folio = memfd_luo_get_folio(phys);
	...>
}

@@
expression err, file, ser;
identifier args, folios_ser;
@@
memfd_luo_retrieve(struct liveupdate_file_op_args *args)
{
	<...
+	err = memfd_luo_hold(args, folios_ser, ser->nr_folios);
+	if (err)
+		goto put_file;
+
	err = memfd_luo_retrieve_folios(file, folios_ser, ser->nr_folios);
-	vfree(folios_ser);
	...>
}

@@
identifier args, file;
@@
memfd_luo_retrieve(struct liveupdate_file_op_args *args)
{
	...
+	memfd_luo_keep_size(file, true);
	args->file = file;
	...
}

@@
identifier args;
@@
memfd_luo_finish(struct liveupdate_file_op_args *args)
{
	...
-	if (args->retrieve_status)
-		return;
+	if (args->retrieve_status) {
+		memfd_luo_release(args);
+		return;
+	}
	...
}
