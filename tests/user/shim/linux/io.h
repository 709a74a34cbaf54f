/* SPDX-License-Identifier: GPL-2.0 */
/* User space: nobody walks PASID tables there. */
#ifndef _SHIM_LINUX_IO_H
#define _SHIM_LINUX_IO_H

#include <linux/types.h>

void *phys_to_virt(phys_addr_t address);

#endif
