/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What proofs need of CBMC
 */
#ifndef _TESTS_PROVE_H_
#define _TESTS_PROVE_H_

#include <stdbool.h>

#include <linux/types.h>

#define prove(theorem, condition)	__CPROVER_assert(condition, theorem)

/* CBMC must find a way to get here with @condition, or theorems are empty. */
#define reach(what, condition) \
	__CPROVER_assert(!(condition), "reachable: " what)

/* A function without a body gives anything. */
bool nondet_bool(void);
unsigned int nondet_uint(void);
u64 nondet_u64(void);

#endif /* _TESTS_PROVE_H_ */
