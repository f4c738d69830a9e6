#!/bin/sh
# SPDX-License-Identifier: MIT
#
# headers.sh SOURCE-DIRECTORY BUILD-DIRECTORY C-COMPILER C++-COMPILER
#
# Every public header stands alone, in strict C99 and in C++, and its initialisers with it.
set -u

source=$1
build=$2
cc=$3
cxx=$4
failed=0

work=$(mktemp -d "${TMPDIR:-/tmp}/janus-headers.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# compile COMPILER LANGUAGE FILE OPTION...
compile()
{
	compiler=$1
	language=$2
	file=$3
	shift 3
	if ! "$compiler" -x "$language" -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow \
		-Wundef -Werror -pedantic-errors "$@" -I"$source/include" \
		-I"$build/include" "$file"; then
		cat "$file"
		echo "does not compile with: $compiler $*"
		failed=1
	fi
}

each_language()
{
	compile "$cc" c "$1" -std=c99 -Wstrict-prototypes -Wmissing-prototypes -Wc++-compat
	compile "$cxx" c++ "$1" -std=c++11
	compile "$cxx" c++ "$1" -std=c++20
}

count=0
for header in "$source"/include/janus/*.h "$build"/include/janus/*.h; do
	name=$(basename "$header")
	# Twice: it guards itself against that.
	{
		echo "#include <janus/$name>"
		echo "#include <janus/$name>"
		echo "extern int not_empty;"
	} >"$work/one"
	each_language "$work/one"
	count=$((count + 1))
done

# Each JANUS_..._INIT gives a complete initialiser of its struct, with the size in front.
{
	echo '#include <janus/janus.h>'
	echo 'int main(void);'
	echo 'int main(void)'
	echo '{'
	echo '	uint64_t sum = 0;'
	grep -h -o -E '^#define JANUS_[A-Z_]+_INIT' "$source"/include/janus/*.h |
		while read -r _ macro; do
			name=$(echo "${macro%_INIT}" | tr '[:upper:]' '[:lower:]')
			echo "	struct $name $name = $macro;"
			echo "	sum += $name.size;"
		done
	echo '	return sum == 0;'
	echo '}'
} >"$work/initialisers"
grep -q '_INIT;' "$work/initialisers" || {
	echo "no initialiser was found in the headers"
	failed=1
}
each_language "$work/initialisers"

echo "$count headers"
[ $count -gt 5 ] || failed=1
exit $failed
