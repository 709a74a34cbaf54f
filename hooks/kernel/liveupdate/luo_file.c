// SPDX-License-Identifier: GPL-2.0

#include "luo_internal.h"

/**
 * liveupdate_file_set_has - whether a session preserves a file
 * @file_set: the files of the session, as preserve() of a handler gets them
 * @file: any file; another one of the same object counts, too
 *
 * Files of a session are unpreserved in reverse order, so that what is preserved
 * now may rely on what this finds.
 *
 * Context: May sleep. Within preserve().
 * Return: true if it does.
 */
bool liveupdate_file_set_has(struct luo_file_set *file_set, struct file *file)
{
	struct luo_file *luo_file;

	list_for_each_entry(luo_file, &file_set->files_list, list) {
		struct liveupdate_file_handler *fh = luo_file->fh;

		if (fh->ops->can_preserve(fh, file) &&
		    luo_get_id(fh, file) == luo_get_id(fh, luo_file->file))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(liveupdate_file_set_has);
