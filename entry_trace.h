/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events: how live entries change
 *
 * trace.h has others of the same system.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM intel_iommu

#if !defined(_INTEL_ENTRY_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _INTEL_ENTRY_TRACE_H_

#include <linux/device.h>
#include <linux/tracepoint.h>

#include "../entry_sync.h"

#define show_verdict(verdict) __print_symbolic(verdict,		\
	{ ENTRY_SYNC_INVALID,	"invalid" },			\
	{ ENTRY_SYNC_UNCHANGED,	"unchanged" },			\
	{ ENTRY_SYNC_HITLESS,	"hitless" },			\
	{ ENTRY_SYNC_BREAKING,	"breaking" })

TRACE_DEFINE_ENUM(ENTRY_SYNC_INVALID);
TRACE_DEFINE_ENUM(ENTRY_SYNC_UNCHANGED);
TRACE_DEFINE_ENUM(ENTRY_SYNC_HITLESS);
TRACE_DEFINE_ENUM(ENTRY_SYNC_BREAKING);

DECLARE_EVENT_CLASS(entry_update,
	TP_PROTO(struct device *dev, u32 id, const u64 *old, const u64 *new,
		 unsigned int words, const struct entry_sync_result *result),

	TP_ARGS(dev, id, old, new, words, result),

	TP_STRUCT__entry(
		__string(dev, dev_name(dev))
		__field(u32, id)
		__dynamic_array(u64, old, words)
		__dynamic_array(u64, new, words)
		__field(unsigned int, words)
		__field(int, verdict)
		__field(unsigned int, stores)
		__field(unsigned int, syncs)
	),

	TP_fast_assign(
		__assign_str(dev);
		__entry->id = id;
		memcpy(__get_dynamic_array(old), old, words * sizeof(*old));
		memcpy(__get_dynamic_array(new), new, words * sizeof(*new));
		__entry->words = words;
		__entry->verdict = result->verdict;
		__entry->stores = result->stores;
		__entry->syncs = result->syncs;
	),

	TP_printk("dev=%s id=%x old=%s new=%s verdict=%s stores=%u syncs=%u",
		  __get_str(dev), __entry->id,
		  __print_array(__get_dynamic_array(old), __entry->words, 8),
		  __print_array(__get_dynamic_array(new), __entry->words, 8),
		  show_verdict(__entry->verdict), __entry->stores,
		  __entry->syncs)
);

/* @id is the requester ID, of the device or of an alias of it */
DEFINE_EVENT(entry_update, context_entry_update,
	TP_PROTO(struct device *dev, u32 id, const u64 *old, const u64 *new,
		 unsigned int words, const struct entry_sync_result *result),
	TP_ARGS(dev, id, old, new, words, result)
);

/* @id is the PASID, 0 for requests without */
DEFINE_EVENT(entry_update, pasid_entry_update,
	TP_PROTO(struct device *dev, u32 id, const u64 *old, const u64 *new,
		 unsigned int words, const struct entry_sync_result *result),
	TP_ARGS(dev, id, old, new, words, result)
);

#endif /* _INTEL_ENTRY_TRACE_H_ */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH ../../drivers/iommu/intel/
#define TRACE_INCLUDE_FILE entry_trace
#include <trace/define_trace.h>
