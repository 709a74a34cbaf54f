/* SPDX-License-Identifier: GPL-2.0 */
/* User space: what attachments of PASIDs are in, none of which is looked at */
#ifndef _SHIM_LINUX_XARRAY_H
#define _SHIM_LINUX_XARRAY_H

struct xarray {
	void *head;
};

void *xa_load(struct xarray *xa, unsigned long index);

#endif
