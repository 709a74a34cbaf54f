/* SPDX-License-Identifier: GPL-2.0 */
/* User space: nobody but the program itself sees its stores. */
#define dma_wmb()	do { } while (0)
