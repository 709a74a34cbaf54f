/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions of the Live Update Orchestrator */
#ifndef TESTS_LUO_H
#define TESTS_LUO_H

#include <stdint.h>

/* Both return the session. What it preserves is undone if it is closed. */
int luo_create_session(const char *name);
int luo_retrieve_session(const char *name);
/* May fail; returns what the ioctl does. */
int luo_preserve(int session, int fd, uint64_t token);
/* Returns the file, or -1 with errno. */
int luo_retrieve(int session, uint64_t token);
/* All that was retrieved is the caller's then; closes the session. */
void luo_finish_session(int session);

#endif
