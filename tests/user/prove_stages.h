/* SPDX-License-Identifier: GPL-2.0 */
/* Any stages of translation, for proofs about VT-d's PASID entries */
#ifndef _TESTS_PROVE_STAGES_H_
#define _TESTS_PROVE_STAGES_H_

#include "../entry_format.h"
#include "prove.h"

/* An address width is a field of 3 bits. */
static u8 any_aw(void)
{
	return nondet_uint() % 8;
}

static struct pasid_first_stage any_first_stage(void)
{
	return (struct pasid_first_stage){
		.fsptptr = nondet_u64(),
		.five_level = nondet_bool(),
		.page_snoop = nondet_bool(),
		.walk_snoop = nondet_bool(),
		.supervisor = nondet_bool(),
		.write_protect = nondet_bool(),
		.extended_access = nondet_bool(),
	};
}

static struct pasid_second_stage any_second_stage(void)
{
	return (struct pasid_second_stage){
		.ssptptr = nondet_u64(),
		.aw = any_aw(),
		.walk_snoop = nondet_bool(),
		.dirty_tracking = nondet_bool(),
	};
}

#endif /* _TESTS_PROVE_STAGES_H_ */
