// SPDX-License-Identifier: GPL-2.0
/*
 * Trace events: how live entries change
 */

#define CREATE_TRACE_POINTS
#include "entry_trace.h"
