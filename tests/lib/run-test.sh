#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run-test.sh [--criterion] COMMAND [ARGUMENT...]
#
# Runs one test for ctest and closes the ways in which a test can fail and still exit with 0:
# - Exit status 77 means "cannot run here". In CI (CI=true or JANUS_NO_SKIP=1) that is a failure.
# - Any report of a sanitizer, from any process the test started, is a failure.
# - With --criterion, a program in which no test ran is a failure.
set -u

criterion=no
if [ "${1-}" = --criterion ]; then
	criterion=yes
	shift
fi
if [ $# -eq 0 ]; then
	echo "usage: run-test.sh [--criterion] COMMAND [ARGUMENT...]" >&2
	exit 2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/janus-test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# Programs that gave up root must be able to leave a report, too.
chmod 755 "$work"
mkdir -m 1777 "$work/reports"

# The reports go to files, because the programs' own output may go anywhere.
common="halt_on_error=1:exitcode=99:log_path='$work/reports/report'"
export ASAN_OPTIONS="$common:detect_leaks=1:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="$common:print_stacktrace=1:${UBSAN_OPTIONS-}"
# gRPC is not built for ThreadSanitizer: what happens inside it cannot be judged.
export TSAN_OPTIONS="$common:ignore_noninstrumented_modules=1:${TSAN_OPTIONS-}"

{
	"$@" 2>&1
	echo $? >"$work/status"
} | tee "$work/output"
status=$(cat "$work/status")

fail()
{
	echo "run-test: $*" >&2
	[ "$status" -ne 0 ] && [ "$status" -ne 77 ] || status=1
}

for report in "$work"/reports/*; do
	[ -s "$report" ] || continue
	cat "$report"
	fail "a sanitizer reported an error (above)"
done
if grep -Eq 'ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ' \
	"$work/output"; then
	fail "the output holds a sanitizer's report"
fi
if grep -E 'ERROR SUMMARY: [0-9]+ errors' "$work/output" | grep -qv 'SUMMARY: 0 errors'; then
	fail "the output holds a report of valgrind"
fi

if [ $criterion = yes ] && [ "$status" -eq 0 ]; then
	# The summary is in colour on some terminals.
	if ! sed 's/\x1b\[[0-9;]*m//g' "$work/output" | grep -q 'Tested: [1-9]'; then
		fail "no test ran: a program without tests proves nothing"
	fi
fi

if [ "$status" -eq 77 ]; then
	if [ "${CI-}" = true ] || [ "${JANUS_NO_SKIP-}" = 1 ]; then
		fail "skipped, and in CI a skip is a failure"
	else
		echo "run-test: skipped; the reason stands above"
	fi
fi
exit "$status"
