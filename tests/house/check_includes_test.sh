#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_includes_test.sh CHECKER
#
# The checker finds each kind of wrong include, and nothing wrong in a right one.
set -u

checker=$1
failed=0

work=$(mktemp -d "${TMPDIR:-/tmp}/janus-includes.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# expect RESULT FILE LINE...: a tree with this one file more.
expect()
{
	wanted=$1
	file=$2
	shift 2
	rm -rf "$work/tree"
	for folder in include/janus libjanus janusd janusctl examples; do
		mkdir -p "$work/tree/$folder"
	done
	echo '#include "util.h"' >"$work/tree/libjanus/decide.c"
	echo '#include <stddef.h>' >"$work/tree/libjanus/util.h"
	echo '#include "tls.h"' >"$work/tree/janusd/listen.h"
	printf '%s\n' "$@" >"$work/tree/$file"
	if "$checker" "$work/tree" >"$work/output"; then
		got=right
	else
		got=wrong
	fi
	if [ $got != "$wanted" ]; then
		echo "$file with \"$*\" is taken for $got"
		cat "$work/output"
		failed=1
	fi
}

expect right libjanus/spec.c '#include "spec.h"' '#include "util.h"'
expect wrong libjanus/spec.c '#include "decide.h"'
expect wrong libjanus/spec.h '#include "spec.h"'
expect wrong libjanus/spec.c '#include "../janusd/tls.h"'
expect wrong libjanus/spec.c '#include <jansson.h>'
expect wrong libjanus/unknown.c '#include "util.h"'
expect right include/janus/watch.h '#include <janus/types.h>' '#include <stdint.h>'
expect wrong include/janus/types.h '#include <janus/watch.h>'
expect wrong include/janus/watch.h '#include <unistd.h>'
expect wrong include/janus/watch.h '#include "types.h"'
expect right janusd/tls.h '#include <janus/watch.h>' '#include <grpc/grpc.h>'
expect wrong janusd/tls.h '#include "listen.h"'
expect wrong janusd/tls.c '#include "../libjanus/util.h"'
expect wrong janusctl/main.c '#include "util.h"'
expect wrong examples/deny_open.c '#include "libjanus/util.h"'
exit $failed
