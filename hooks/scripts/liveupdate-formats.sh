#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Say whether devices that one kernel hands over in a live update are taken over
# by another one. Ask before: after the jump there is no way back.
#
# usage: liveupdate-formats.sh FROM TO
#
# Both are images, or modules that come with them, as in "bzImage vfio-pci.ko" in one
# word. Ends with 0 if all is taken over, 1 if not, 2 if there is nothing to.
set -eu

formats()
{
	for image in $1; do
		{ sh "$(dirname "$0")/extract-vmlinux" "$image" 2> /dev/null ||
			cat "$image"; } | strings |
			sed -n 's/^liveupdate-format: //p'
	done | sort -u
}

from=$(formats "$1")
to=$(formats "$2")
[ -n "$from" ] || {
	echo "$1 hands no devices over"
	exit 2
}

lacks=$(echo "$from" | grep -vxF "$to" || :)
[ -n "$lacks" ] || {
	echo "$2 takes over what $1 hands over"
	exit 0
}
echo "$lacks" | while read -r name version; do
	has=$(echo "$to" | sed -n "s/^$name //p" | tr '\n' ' ')
	echo "$2 lacks $name, version $version${has:+, and has version $has}"
done
exit 1
