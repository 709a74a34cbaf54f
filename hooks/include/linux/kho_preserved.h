/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ask whether memory was handed over, before anything there is believed
 */
#ifndef _LINUX_KHO_PRESERVED_H
#define _LINUX_KHO_PRESERVED_H

#include <linux/types.h>

size_t kho_preserved_size(phys_addr_t phys);

#endif /* _LINUX_KHO_PRESERVED_H */
