/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stands in for add_step() of entry_sync.c, which is included before
 *
 * Symbolic execution is at its best where places in memory are constants. This
 * calls the real one with what is equal to the arguments, but a constant place
 * for each number of steps that came before.
 */
#ifndef _TESTS_PROVE_STEPS_H_
#define _TESTS_PROVE_STEPS_H_

#include "prove.h"

const u64 *add_step_split(const struct entry_sync *es,
			  struct entry_sync_steps *steps, const u64 *before,
			  const u64 *after)
{
	prove("steps are added to the entry, or to the step before",
	      steps->result.syncs < ENTRY_SYNC_MAX_STEPS &&
	      before == (steps->result.syncs ?
			 steps->value[steps->result.syncs - 1] : es->entry));
	switch (steps->result.syncs) {
	case 0:
		steps->result.syncs = 0;
		return add_step(es, steps, es->entry, after);
	case 1:
		steps->result.syncs = 1;
		return add_step(es, steps, steps->value[0], after);
	default:
		steps->result.syncs = 2;
		return add_step(es, steps, steps->value[1], after);
	}
}

#endif /* _TESTS_PROVE_STEPS_H_ */
