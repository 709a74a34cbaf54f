/* SPDX-License-Identifier: GPL-2.0 */
/* User space: the 8-byte store of entry_sync.c goes to the program. */
#ifndef _SHIM_LINUX_COMPILER_H
#define _SHIM_LINUX_COMPILER_H

#include_next <linux/compiler.h>
#include <linux/types.h>

void shim_store_64(u64 *to, u64 value);

#ifndef __uninitialized
#define __uninitialized
#endif

#undef WRITE_ONCE
#define WRITE_ONCE(to, value)	shim_store_64(&(to), value)

#endif
