/* SPDX-License-Identifier: GPL-2.0 */
/* User space: warnings go to the program. */
#ifndef _SHIM_LINUX_BUG_H
#define _SHIM_LINUX_BUG_H

#include <linux/compiler.h>

/* The kernel's u64 is no type of user space, so formats are not checked. */
void shim_warn(const char *fmt, ...);

#define WARN(condition, fmt...) ({		\
	int __warn = !!(condition);		\
						\
	if (__warn)				\
		shim_warn(fmt);			\
	__warn;					\
})
#define WARN_ONCE	WARN

#endif
