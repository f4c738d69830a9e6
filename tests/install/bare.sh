#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bare.sh SOURCE-DIRECTORY VERSION C-COMPILER
#
# The library alone needs a C compiler and libc: no pkg-config, and so nothing that is found
# through it. Installed to an absolute library folder and staged under DESTDIR.
set -eu

source=$1
version=$2
export CC="$3"
unset CFLAGS LDFLAGS

work=$(mktemp -d "${TMPDIR:-/tmp}/janus bare.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "bare: $*"
	exit 1
}

echo "== build"
PKG_CONFIG=/bin/false cmake -S "$source" -B "$work/build" -G Ninja \
	--no-warn-unused-cli -DJANUS_BUILD_DAEMON=OFF \
	-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON \
	-DCMAKE_INSTALL_PREFIX=/opt/janus -DCMAKE_INSTALL_LIBDIR=/opt/janus/absolute \
	>"$work/log" 2>&1 || fail "$(cat "$work/log")"
cmake --build "$work/build" >"$work/log" || fail "$(cat "$work/log")"

echo "== install"
stage=$work/stage
DESTDIR=$stage cmake --install "$work/build" >"$work/log" || fail "$(cat "$work/log")"
lib=$stage/opt/janus/absolute
[ -e "$lib/libjanus.so.$version" ] || fail "nothing was staged under DESTDIR"
[ ! -e "$stage/opt/janus/bin" ] || fail "programs were installed, too"

echo "== pkg-config"
flags=$(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --cflags --libs janus)
[ "${flags% }" = "-I/opt/janus/include -L/opt/janus/absolute -ljanus" ] ||
	fail "janus.pc with absolute folders says: $flags"
"$CC" -o "$work/program" "$source/tests/install/outside/outside.c" \
	-I"$stage/opt/janus/include" -L"$lib" -ljanus
LD_LIBRARY_PATH=$lib "$work/program" | grep -xF "libjanus $version" >/dev/null ||
	fail "the program does not run"

echo "== uninstall"
cmake -DMANIFEST="$work/build/install_manifest.txt" -DPREFIX=/usr/local -DDESTDIR="$stage" \
	-P "$source/cmake/uninstall.cmake" >"$work/log" 2>&1 &&
	fail "uninstall took files of another prefix"
cmake -DMANIFEST="$work/build/install_manifest.txt" -DPREFIX=/opt/janus -DDESTDIR="$stage" \
	-P "$source/cmake/uninstall.cmake" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
left=$(find "$stage" ! -type d -o -iname janus ! -path "$stage/opt/janus")
[ -z "$left" ] || fail "uninstall left: $left"
