// SPDX-License-Identifier: GPL-2.0
//
// Once: EXPORT_SYMBOL_GPL(memfd_get_seals);
//
// Iommufd, which may be a module, asks whether what it maps can shrink.

@@
identifier f = { memfd_get_seals };
@@
f(...)
{
	...
}
+EXPORT_SYMBOL_GPL(f);
