// SPDX-License-Identifier: GPL-2.0
//
// Once: EXPORT_SYMBOL_GPL(liveupdate_register_file_handler);
// Once: EXPORT_SYMBOL_GPL(liveupdate_unregister_file_handler);
// Once: args.file_set = file_set;
//
// VFIO may be a module. The orchestrator is made for handlers in modules: it
// holds their owner from the time that a file is preserved, or found handed
// over, until it is done with the file. But it exports nothing with which a
// module could register one.

@@
identifier f = {
	liveupdate_register_file_handler,
	liveupdate_unregister_file_handler
};
@@
f(...)
{
	...
}
+EXPORT_SYMBOL_GPL(f);

// A device must reach nothing but what is preserved with it.
@@
identifier file_set, args, file;
@@
luo_preserve_file(struct luo_file_set *file_set, ...)
{
	<...
	args.file = file;
+	args.file_set = file_set;
	...>
}

// A handler that retrieves has runtime state, too, until it finishes.
@@
identifier luo_file, args, err;
@@
luo_retrieve_file(...)
{
	...
	struct luo_file *luo_file;
	<...
	err = luo_file->fh->ops->retrieve(&args);
+	luo_file->private_data = args.private_data;
	...>
}

@@
identifier luo_file, args;
@@
luo_file_finish_one(..., struct luo_file *luo_file)
{
	...
	args.serialized_data = luo_file->serialized_data;
+	args.private_data = luo_file->private_data;
	...
}
