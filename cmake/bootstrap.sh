#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bootstrap.sh GROUP...
#
# Installs what a group of targets needs and this machine lacks, with apt. What is there already
# is left alone, so that a second run needs neither root nor network. Where it cannot install
# (no root, no apt) it names what is missing and ends with an error.
set -eu

# An ordinary user's PATH leaves out where Debian has runc.
PATH=$PATH:/usr/sbin:/sbin
missing=

# Is it usable? KIND says how to find out.
have()
{
	case $1 in
	command) command -v "$2" >/dev/null 2>&1 ;;
	static) command -v "$2" >/dev/null 2>&1 && ! ldd "$(command -v "$2")" >/dev/null 2>&1 ;;
	library) pkg-config --exists "$2" >/dev/null 2>&1 ;;
	header) echo "#include <$2>" | cc -E - >/dev/null 2>&1 ;;
	python) /usr/bin/python3 -c "import $2" >/dev/null 2>&1 ;;
	fuzzer)
		echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
			clang -fsanitize=fuzzer -x c -o /dev/null - >/dev/null 2>&1
		;;
	esac
}

# need PACKAGE KIND WHAT
need()
{
	if have "$2" "$3"; then
		return
	fi
	case " $missing " in
	*" $1 "*) ;;
	*) missing="${missing:+$missing }$1" ;;
	esac
}

need_build()
{
	need gcc command cc
	need libc6-dev header stdio.h
	need cmake command cmake
	need ninja-build command ninja
	need pkg-config command pkg-config
	need libgrpc-dev library grpc
	need libprotobuf-c-dev library libprotobuf-c
	need protobuf-c-compiler command protoc-c
	need protobuf-compiler command protoc
	need libjansson-dev library jansson
	need libcap-ng-dev library libcap-ng
	need libmicrohttpd-dev library libmicrohttpd
	need libseccomp-dev library libseccomp
	need libssl-dev library libcrypto
	need libyaml-dev library yaml-0.1
	need scdoc command scdoc
}

need_demo()
{
	need runc command runc
	need busybox-static static busybox
}

need_test()
{
	need_demo
	need g++ command c++
	need libcriterion-dev library criterion
	need python3 command python3
	need python3-grpcio python grpc
	need python3-grpc-tools python grpc_tools
	need python3-jsonschema python jsonschema
	need rsyslog command rsyslogd
	need systemd command journalctl
	need gdb command gdb
	need openssl command openssl
	need nodejs command node
	need npm command npm
	need util-linux command unshare
	need procps command ps
	need inotify-tools command inotifywait
	need crun command crun
	need containerd command containerd
	need docker.io command dockerd
	need podman command podman
	need uidmap command newuidmap
	need systemd-container command systemd-nspawn
	need systemd library systemd
	need gdb command gdb
	need python3-yaml python yaml
	need prometheus command prometheus
}

need_clang()
{
	need clang command clang
	need clang-format command clang-format
	need clang-tidy command clang-tidy
}

need_fuzz()
{
	need clang command clang
	need libclang-rt-14-dev fuzzer clang
}

for group; do
	case $group in
	build) need_build ;;
	demo) need_demo ;;
	test) need_test ;;
	clang) need_clang ;;
	format) need clang-format command clang-format ;;
	fuzz) need_fuzz ;;
	coverage) need gcovr command gcovr ;;
	*)
		echo "bootstrap: \"$group\" is no group of packages" >&2
		exit 2
		;;
	esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "bootstrap: no apt-get on this machine: install the equivalent of these" \
		"Debian packages yourself: $missing" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "bootstrap: missing, and installing needs root. Run:" \
		"sudo apt-get install $missing" >&2
	exit 1
fi

echo "bootstrap: installing $missing"
export DEBIAN_FRONTEND=noninteractive
# Tests start runtimes of their own: no service shall run here that did not before.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi
if ! apt-get update -q; then
	echo "bootstrap: apt-get update failed; trying with the lists that are there" >&2
fi
# One word a package.
# shellcheck disable=SC2086
if ! apt-get install -q -y --no-install-recommends $missing </dev/null; then
	echo "bootstrap: apt-get could not install: $missing" >&2
	exit 1
fi
