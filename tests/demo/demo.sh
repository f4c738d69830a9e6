#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The main job on a real container: janusd guards two files by container id, the container
# asks for both, one is let through, one is refused, both are recorded.
#
# usage: demo.sh BUILD-FOLDER        (as root; needs runc and a static busybox)
#
# Exits 0 only if all of it really happened. Owns everything it starts: the container (runc,
# with a state folder of its own), janusd (a private socket), and a folder under /tmp.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # where Debian has runc
readonly allowed=/srv/menu.txt denied=/srv/recipe.txt
readonly node=demo-node pod=demo-pod
work=
cid=
janusd_pid=

step() { printf '\n%s\n' "$*"; }
show() { sed 's/^/     /'; }
fail() {
	printf '\ndemo: FAILED: %s\n' "$*" >&2
	[ -z "$work" ] || ! [ -s "$work/janusd.log" ] || {
		printf 'janusd said:\n' >&2
		show <"$work/janusd.log" >&2
	}
	exit 1
}

# Asks again until it is true, for ten seconds.
wait_for() {
	local what=$1 end=$((SECONDS + 10))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "waited 10 s for $what"
		sleep 0.02
	done
}

find_program() {
	local path
	for path in "$build/$1/$1" "$build/bin/$1" "$build/$1"; do
		if [ -f "$path" ] && [ -x "$path" ]; then
			printf '%s\n' "$path"
			return
		fi
	done
	fail "no $1 in $build: build first"
}

janusd_gone() { ! kill -0 "$janusd_pid" 2>/dev/null; }

stop_janusd() {
	[ -n "$janusd_pid" ] || return 0
	kill -TERM "$janusd_pid" 2>/dev/null || true
	local end=$((SECONDS + 10))
	until janusd_gone || [ "$SECONDS" -ge "$end" ]; do sleep 0.02; done
	kill -KILL "$janusd_pid" 2>/dev/null || true
	wait "$janusd_pid" && janusd_status=0 || janusd_status=$?
	janusd_pid=
}

# janusd first: a container that waits for its answer could not be ended.
cleanup() {
	local path
	stop_janusd
	if [ -n "$cid" ]; then
		runc --root "$work/runc" delete --force "$cid" >/dev/null 2>&1 || true
		while IFS= read -r path; do
			rmdir "$path" 2>/dev/null || true
		done < <(find /sys/fs/cgroup -depth -type d -name "$cid" 2>/dev/null)
		cid=
	fi
	[ -z "$work" ] || rm -rf -- "$work"
	work=
}

start_container() {
	local root=$work/bundle/rootfs applet
	mkdir -p "$root"/{bin,dev,etc,proc,srv,sys,tmp} "$work/runc"
	cp -- "$(command -v busybox)" "$root/bin/busybox"
	for applet in cat sh sleep; do ln -s busybox "$root/bin/$applet"; done
	printf 'soup of the day\n' >"$root$allowed"
	printf 'a pinch of salt\n' >"$root$denied"
	runc spec --bundle "$work/bundle"
	sed -i -e 's/"terminal": true/"terminal": false/' \
		-e 's/^\(\t*\)"sh"$/\1"sleep", "3600"/' "$work/bundle/config.json"
	cid=$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')
	runc --root "$work/runc" run --detach --bundle "$work/bundle" "$cid" \
		</dev/null >"$work/container.log" 2>&1 ||
		fail "runc run: $(cat "$work/container.log")"
}

in_container() { runc --root "$work/runc" exec "$cid" "$@" 2>&1 </dev/null; }

# Shows the command as the container would type it, then what came of it.
open_in_container() {
	printf '     $ cat %s\n' "$1"
	seen=$(in_container cat "$1") && status=0 || status=$?
	show <<<"$seen"
}

[ $# -eq 1 ] || { echo "usage: $0 BUILD-FOLDER" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "demo: needs root (fanotify, runc): sudo make demo" >&2; exit 1; }
for tool in runc busybox; do
	command -v "$tool" >/dev/null || fail "needs $tool"
done
build=$(cd -- "$1" && pwd) || fail "no such folder: $1"
janusd=$(find_program janusd)
janusctl=$(find_program janusctl)

trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d /tmp/janus-demo.XXXXXX) # short, as the path of a socket has to be
socket=unix:$work/janusd.sock

step "1. runc starts a container with busybox."
start_container
echo "     ${cid:0:12}"

step "2. janusd starts, on a socket of its own."
"$janusd" --listen "$socket" --node "$node" </dev/null >/dev/null 2>"$work/janusd.log" &
janusd_pid=$!
ready() {
	janusd_gone && fail "janusd ended"
	grep -q '^janusd: ready$' "$work/janusd.log"
}
wait_for "janusd to be ready" ready
show <"$work/janusd.log"

step "3. janusctl asks janusd over gRPC to guard two files of that container."
guard=(guard create --name demo --node "$node" --pod "$pod" --cid "$cid"
	--allow "$allowed" --deny "$denied" --event open --tag meal=lunch)
echo "     janusctl guard create --pod $pod --cid ${cid:0:12}... \\"
echo "       --allow $allowed --deny $denied --event open --tag meal=lunch"
"$janusctl" --address "$socket" "${guard[@]}" >"$work/janusctl.log" 2>&1 || {
	show <"$work/janusctl.log"
	fail "janusctl guard create"
}
"$janusctl" --address "$socket" guard list 2>&1 | show

step "4. The container opens both."
open_in_container "$allowed"
[ "$status:$seen" = "0:soup of the day" ] || fail "$allowed was not let through"
open_in_container "$denied"
[ "$status" -ne 0 ] || fail "$denied was let through"
[[ $seen == *"Operation not permitted"* ]] || fail "$denied failed, but not with EPERM"

step "5. janusd recorded both, with the path as the container sees it."
allow_line="<ALLOW> OPEN_PERM file '$allowed' ($pod:$node) meal=lunch"
deny_line="<DENY> OPEN_PERM file '$denied' ($pod:$node) meal=lunch"
wait_for "the ALLOW line" grep -qxF -- "$allow_line" "$work/janusd.log"
wait_for "the DENY line" grep -qxF -- "$deny_line" "$work/janusd.log"
grep -E '^<(ALLOW|DENY)> ' "$work/janusd.log" | show

step "6. Everything that was started ends."
stop_janusd
[ "$janusd_status" -eq 0 ] || fail "janusd ended with status $janusd_status"
cleanup
echo "     done"
