#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-fuzz.sh BUILD-DIRECTORY SECONDS
#
# Runs each libFuzzer program of the preset fuzz for that long. New inputs go to
# BUILD-DIRECTORY/corpus/NAME; the corpus in the source tree is read, never written. What made a
# program fail lies in BUILD-DIRECTORY/findings.
set -eu

build=$1
seconds=$2
list=$build/fuzz-tests.txt

if ! grep -q . "$list" 2>/dev/null; then
	echo "run-fuzz: $list names no fuzz test" >&2
	exit 1
fi

mkdir -p "$build/findings"
failed=0
tab=$(printf '\t')
while IFS=$tab read -r program corpus; do
	[ -n "$program" ] || continue
	name=$(basename "$program")
	mkdir -p "$build/corpus/$name"
	echo "== $name: $seconds s"
	if ! "$program" -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$build/findings/$name-" \
		"$build/corpus/$name" "$corpus" </dev/null; then
		echo "run-fuzz: $name failed; its input lies in $build/findings" >&2
		failed=1
	fi
done <"$list"
exit $failed
