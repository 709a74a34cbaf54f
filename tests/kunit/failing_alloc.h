/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail, by the kernel's fault injection
 */
#ifndef _INTEL_FAILING_ALLOC_H_
#define _INTEL_FAILING_ALLOC_H_

#include <linux/types.h>

struct kunit;

bool failing_alloc_allow(struct kunit *test);
unsigned int failing_alloc_set(unsigned int nth);

#endif /* _INTEL_FAILING_ALLOC_H_ */
