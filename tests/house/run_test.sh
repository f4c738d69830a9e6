#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run_test.sh SOURCE-DIRECTORY
#
# Who guards the guards: lib/run-test.sh has to see each way in which a failure hides.
set -u

run=$1/tests/lib/run-test.sh
failed=0
unset CI JANUS_NO_SKIP

# expect STATUS WHAT COMMAND...
expect()
{
	wanted=$1
	what=$2
	shift 2
	"$@" >/dev/null 2>&1
	got=$?
	if [ $got -ne "$wanted" ]; then
		echo "$what: exit status $got, not $wanted"
		failed=1
	fi
}

expect 0 "success" "$run" true
expect 1 "failure" "$run" false
expect 3 "the status is handed on" "$run" sh -c 'exit 3'
expect 77 "skip" "$run" sh -c 'exit 77'
expect 1 "skip in CI" env CI=true "$run" sh -c 'exit 77'
expect 1 "skip that was forbidden" env JANUS_NO_SKIP=1 "$run" sh -c 'exit 77'
expect 1 "no test ran" "$run" --criterion echo 'Synthesis: Tested: 0 | Passing: 0'
expect 1 "no summary at all" "$run" --criterion true
expect 0 "tests ran" "$run" --criterion echo 'Synthesis: Tested: 12 | Passing: 12'
expect 1 "leak on stderr" "$run" sh -c 'echo "==7==ERROR: LeakSanitizer: x" >&2'
expect 1 "race" "$run" echo 'WARNING: ThreadSanitizer: data race'
expect 1 "undefined behaviour" "$run" echo 'a.c:1:2: runtime error: shift'
expect 1 "valgrind" "$run" echo '==7== ERROR SUMMARY: 2 errors from 1 contexts'
expect 0 "valgrind, clean" "$run" echo '==7== ERROR SUMMARY: 0 errors from 0 contexts'
# shellcheck disable=SC2016,SC1003
expect 1 "report of a process nobody waits for" "$run" sh -c '
	path=${ASAN_OPTIONS#*log_path=\'"'"'}
	echo "==7==ERROR: AddressSanitizer" >"${path%%\'"'"'*}.7"'
exit $failed
