/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kernel takes over in a live update can be read from its image
 */
#ifndef _LINUX_LIVEUPDATE_FORMAT_H
#define _LINUX_LIVEUPDATE_FORMAT_H

#include <linux/compiler.h>
#include <linux/stringify.h>

/**
 * LIVEUPDATE_FORMAT - have an image say that it takes a format
 * @name: of the variable that says so
 * @compatible: the compatible string of a file handler or an FLB
 * @version: of what is handed over
 *
 * There is no way back after a kexec. So it can be asked before, by
 * liveupdate-formats.sh, which looks for this string in the image.
 */
#define LIVEUPDATE_FORMAT(name, compatible, version) \
	static const char name[] __used = \
		"liveupdate-format: " compatible " " __stringify(version)

#endif /* _LINUX_LIVEUPDATE_FORMAT_H */
