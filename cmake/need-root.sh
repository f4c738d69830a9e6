#!/bin/sh
# SPDX-License-Identifier: MIT
#
# need-root.sh TARGET REASON...
#
# Ends with an error, before anything was changed, unless it runs as root.
set -eu

target=$1
shift
[ "$(id -u)" -eq 0 ] && exit 0

{
	echo "make $target needs root:"
	for reason; do
		echo "  - $reason"
	done
	echo "Nothing was changed. Run it as: sudo make $target"
} >&2
exit 1
