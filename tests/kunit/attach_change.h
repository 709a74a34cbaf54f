/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Changes of domains, and what is to be expected of each
 */
#ifndef _INTEL_ATTACH_CHANGE_H_
#define _INTEL_ATTACH_CHANGE_H_

#include "attach_world.h"

/* Who else is attached to the domains that a device changes between */
enum change_sharing {
	CHANGE_OWN,		/* nobody */
	CHANGE_SHARED_OLD,
	CHANGE_SHARED_NEW,	/* as when a VM attaches its second device */
	CHANGE_SHARED,		/* both */
	CHANGE_NUM_SHARINGS,
};

/**
 * struct change - of the domain that %WORLD_DEVICE is attached to
 * @from: the old domain
 * @to: the new one
 * @sharing: who else is attached to them
 */
struct change {
	enum world_kind from;
	enum world_kind to;
	enum change_sharing sharing;
};

void change_describe_config(const struct world_config *config, char *desc);
const char *change_sharing_name(enum change_sharing sharing);
const char *change_verdict_name(char verdict);
bool change_report(struct attach_world *world, struct change change,
		   const char *during);
void change_attach(struct attach_world *world, enum world_device which,
		   enum world_kind kind);
struct world_result change_try(struct attach_world *world, struct change change);
void change_set_up(struct attach_world *world, struct change change);
void change_tear_down(struct attach_world *world, struct change change);
struct change change_start(enum change_sharing sharing);
bool change_next(struct attach_world *world, struct change *change);
unsigned int change_number(struct attach_world *world);
char change_expected(struct attach_world *world, struct change change);
bool change_may_inherit(struct attach_world *world, struct change change);
bool change_needs_detour(struct attach_world *world, struct change change);
void change_expect_cost(struct attach_world *world, struct change change,
			char verdict, const struct unit_counts *counts);
void change_print(struct attach_world *world, struct change change,
		  char verdict, const struct unit_counts *counts);

#endif /* _INTEL_ATTACH_CHANGE_H_ */
