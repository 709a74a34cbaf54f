// SPDX-License-Identifier: GPL-2.0
//
// Once: EXPORT_SYMBOL_GPL(liveupdate_register_flb);
//
// VFIO may be a module. The orchestrator is made for handlers in modules: it
// holds their owner from the time that a file is preserved, or found handed
// over, until it is done with the file. But it exports nothing with which a
// module could register one.

@@
identifier f = {
	liveupdate_register_flb
};
@@
f(...)
{
	...
}
+EXPORT_SYMBOL_GPL(f);
