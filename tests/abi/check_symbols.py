#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that headers, symbol map and shared library speak of the same functions.

usage: check_symbols.py SOURCE-DIRECTORY SHARED-LIBRARY STATIC-LIBRARY

- every JANUS_API function of the headers stands in libjanus.map, and the other way round
- the library exports exactly these, each under the version of its node
- every global symbol of the static library carries the prefix janus_
- the library needs nothing but libc
"""

import glob
import os
import re
import subprocess
import sys

DECLARATION = re.compile(r"^JANUS_API\b[^;(]*?\b(\w+)\s*\(", re.MULTILINE)
ANY_FUNCTION = re.compile(
    r"^(?!typedef|#)\w[^;{}#=]*?\b(janus_\w+)\s*\([^;{}]*\)\s*;", re.MULTILINE
)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NODE = re.compile(
    r"^(JANUS_[0-9.]+)\s*\{(.*?)^\}\s*(?:JANUS_[0-9.]+)?\s*;", re.MULTILINE | re.DOTALL
)
LIBC = re.compile(r"^(libc\.so\.6|libpthread\.so\.0|ld-linux[-\w]*\.so\.\d+|ld64\.so\.\d+)$")


def read_headers(root):
    """Names with JANUS_API, and names of every function declared at all."""
    exported, declared = set(), set()
    for path in glob.glob(os.path.join(root, "include", "janus", "*.h*")):
        with open(path, encoding="utf-8") as header:
            text = COMMENT.sub("", header.read())
        exported.update(DECLARATION.findall(text))
        declared.update(ANY_FUNCTION.findall(text))
    return exported, declared


def read_map(path):
    """Name -> node."""
    with open(path, encoding="utf-8") as source:
        text = re.sub(r"#.*", "", source.read())
    names = {}
    for node, body in NODE.findall(text):
        shown = body.split("local:")[0].replace("global:", "")
        for name in shown.replace(";", " ").split():
            if name in names:
                raise SystemExit(f"{path}: {name} stands there twice")
            names[name] = node
    return names


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_exports(library):
    """Name -> version, as the dynamic linker sees it."""
    exports = {}
    listing = run("nm", "--dynamic", "--defined-only", "--with-symbol-versions", library)
    for line in listing.splitlines():
        kind, symbol = line.split()[1:3]
        name, _, version = symbol.partition("@@")
        if kind != "A":  # the nodes themselves
            exports[name] = version
    return exports


def read_needed(library):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "--dynamic", "--wide", library))


def differences(first, second, text):
    return [text.format(name) for name in sorted(set(first) - set(second))]


def main():
    root, library, archive = sys.argv[1:4]
    exported, declared = read_headers(root)
    mapped = read_map(os.path.join(root, "libjanus", "libjanus.map"))
    exports = read_exports(library)

    found = differences(declared, exported, "{} is declared without JANUS_API")
    found += differences(exported, mapped, "{} is missing in libjanus.map")
    found += differences(mapped, exported, "{} of libjanus.map is in no header")
    found += differences(mapped, exports, "{} is not exported by the library")
    found += differences(exports, mapped, "{} is exported, though not in libjanus.map")
    for name in sorted(set(mapped) & set(exports)):
        if mapped[name] != exports[name]:
            found.append(f"{name} has version {exports[name]}, not {mapped[name]}")
    globals_ = run("nm", "--defined-only", "--extern-only", "--format=posix", archive)
    for name, kind in re.findall(r"^(\w+) (\w) ", globals_, re.MULTILINE):
        if not name.startswith("janus_"):
            found.append(f"{name} ({kind}) is a global symbol without our prefix")
    for needed in read_needed(library):
        if not LIBC.match(needed):
            found.append(f"the library needs {needed}")

    for text in found:
        print(text)
    print(f"in headers: {len(exported)}, in the map: {len(mapped)}, exported: {len(exports)}")
    return 1 if found or not exported else 0


if __name__ == "__main__":
    sys.exit(main())
