#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make_face.sh SOURCE-DIRECTORY
#
# The two commands without root: they say what they need, fail, and change nothing. From a
# directory with a space in its path, as an ordinary user.
set -u

source=$1
failed=0

work=$(mktemp -d "${TMPDIR:-/tmp}/janus face.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

tree="$work/a tree"
mkdir "$tree"
cp -R "$source/Makefile" "$source/cmake" "$tree"
# Writable for everyone: what is not written must be the commands' own choice.
chmod -R a+rwX "$work"

as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
	else
		"$@"
	fi
}

complain()
{
	echo "make_face: $*"
	failed=1
}

touch "$work/before" "$work/after"
find "$work" | sort >"$work/before"
for target in demo check check-slow bench; do
	output=$(as_user env -u MAKEFLAGS -u MAKELEVEL make -C "$tree" $target 2>&1) &&
		complain "make $target without root succeeded"
	echo "$output" | grep -q "make $target needs root" ||
		complain "make $target does not say that it needs root: $output"
	echo "$output" | grep -q 'fanotify' ||
		complain "make $target does not say why: $output"
done
find "$work" | sort >"$work/after"
diff "$work/before" "$work/after" || complain "something was changed"

make -C "$tree" | grep 'sudo make demo' >/dev/null || complain "make alone does not help"
exit $failed
