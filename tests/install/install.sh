#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh SOURCE-DIRECTORY BUILD-DIRECTORY VERSION C-COMPILER C++-COMPILER DAEMON(ON|OFF)
#
# Installs the build to a folder with a space in its path and builds programs of somebody else
# against it: through pkg-config and through find_package(), shared and static, C and C++.
set -eu

source=$1
build=$2
version=$3
export CC="$4" CXX="$5"
daemon=$6
unset DESTDIR CFLAGS CXXFLAGS LDFLAGS

work=$(mktemp -d "${TMPDIR:-/tmp}/janus install.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "install: $*"
	exit 1
}

# must PROGRAM: it runs and tells the version.
must()
{
	output=$("$@") || fail "$* failed"
	[ "$output" = "libjanus $version" ] || fail "$* printed \"$output\""
}

needed()
{
	readelf --dynamic --wide "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

echo "== install"
prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >"$work/log" || fail "$(cat "$work/log")"
pc=$(find "$prefix" -name janus.pc)
[ -n "$pc" ] || fail "janus.pc is missing"
lib=$(dirname "$(dirname "$pc")")
for header in "$source"/include/janus/*.h "$build/include/janus/version.h"; do
	[ -f "$prefix/include/janus/$(basename "$header")" ] || fail "$header is missing"
done
[ -f "$lib/libjanus.a" ] || fail "libjanus.a is missing"
[ "$(readlink -f "$lib/libjanus.so")" = "$(readlink -f "$lib/libjanus.so.$version")" ] ||
	fail "libjanus.so does not lead to libjanus.so.$version"
readelf --dynamic --wide "$lib/libjanus.so" | grep -F '(SONAME)' | grep -qF '[libjanus.so.0]' ||
	fail "the SONAME is not libjanus.so.0"
if [ "$daemon" = ON ]; then
	for program in janusd janusctl; do
		output=$("$prefix/bin/$program" --version) || fail "$program does not run"
		case $output in
		*"$version"*) ;;
		*) fail "$program --version prints \"$output\"" ;;
		esac
	done
	[ -f "$prefix/lib/systemd/system/janusd.service" ] || fail "janusd.service is missing"
fi

echo "== pkg-config"
export PKG_CONFIG_PATH="$lib/pkgconfig"
[ "$(pkg-config --modversion janus)" = "$version" ] || fail "janus.pc has another version"
# pkg-config escapes the space for a shell that reads its words anew.
eval "set -- $(pkg-config --cflags --libs janus)"
"$CC" -o "$work/shared" "$source/tests/install/outside/outside.c" "$@"
needed "$work/shared" | grep -qxF libjanus.so.0 || fail "the program does not need libjanus.so.0"
must env LD_LIBRARY_PATH="$lib" "$work/shared"
eval "set -- $(pkg-config --static --cflags --libs janus)"
"$CC" -static -o "$work/static" "$source/tests/install/outside/outside.c" "$@"
[ -z "$(needed "$work/static")" ] || fail "the static program needs shared libraries"
must "$work/static"

echo "== moved"
mv "$prefix" "$work/moved"
prefix=$work/moved
lib=$work/moved/${lib#"$work/prefix/"}
export PKG_CONFIG_PATH="$lib/pkgconfig"
eval "set -- $(pkg-config --cflags --libs janus)"
"$CC" -o "$work/shared" "$source/tests/install/outside/outside.c" "$@"
must env LD_LIBRARY_PATH="$lib" "$work/shared"

echo "== find_package"
cmake -S "$source/tests/install/outside" -B "$work/outside" -G Ninja \
	-DCMAKE_PREFIX_PATH="$prefix" -DWANTED_VERSION="$version" >"$work/log" 2>&1 ||
	fail "$(cat "$work/log")"
cmake --build "$work/outside" >"$work/log" || fail "$(cat "$work/log")"
for program in shared-c shared-cc static-c static-cc; do
	must "$work/outside/$program"
done
