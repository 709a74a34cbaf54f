/* SPDX-License-Identifier: GPL-2.0 */
/* User space: the tools' header lacks FIELD_MODIFY(). For 64 bits */
#ifndef _SHIM_LINUX_BITFIELD_H
#define _SHIM_LINUX_BITFIELD_H

#include_next <linux/bitfield.h>
#include <linux/types.h>

static inline void shim_field_modify(u64 mask, u64 *reg, u64 value)
{
	*reg = (*reg & ~mask) | (value << __builtin_ctzll(mask) & mask);
}

#define FIELD_MODIFY	shim_field_modify

#endif
