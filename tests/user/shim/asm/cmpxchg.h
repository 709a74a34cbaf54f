/* SPDX-License-Identifier: GPL-2.0 */
/* User space: the 16-byte store of entry_sync.c */
#ifndef _SHIM_ASM_CMPXCHG_H
#define _SHIM_ASM_CMPXCHG_H

#include <linux/types.h>

typedef unsigned __int128 u128;

void shim_store_128(u128 *to, u128 value);

#define system_has_cmpxchg128()		true
#define cmpxchg128(ptr, old, new)	((void)(old), shim_store_128(ptr, new))

#endif
