#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what clang-format cannot: the house rules that every file has to keep.

usage: check_style.py SOURCE-DIRECTORY

- a licence line at the top of each source file
- at most 500 lines a file, 80 lines a function, 100 columns a line
- no blanks at the end of a line, no missing end of the last line
- no marks of unfinished work
- no kernel calls in libjanus beside the seam
"""

import os
import re
import sys

LARGEST_FILE = 500
LONGEST_FUNCTION = 80
WIDEST_LINE = 100  # clang-format keeps code at 90; a comment may need a little more

SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__"}
CODE = (".c", ".h", ".h.in", ".cc", ".py", ".sh", ".js", ".cmake", ".proto", ".map")
CODE_NAMES = {"CMakeLists.txt", "Makefile", "run"}
TEXT = CODE + (".md", ".scd", ".in", ".json", ".yml", ".yaml")

LICENCE = "SPDX-License-Identifier: MIT"
# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + r"ME)\b")

# Where a system call may be made: the seam and nothing else.
SEAM = {"kernel_linux.c"}
SYSTEM_CALLS = re.compile(
    r"(?<![\w.>])(fanotify_init|fanotify_mark|open|openat|openat2|close|read|pread|write"
    r"|readlink|readlinkat|stat|fstat|fstatat|lstat|statx|opendir|fdopendir|readdir|fopen"
    r"|poll|ppoll|epoll_create1|epoll_ctl|epoll_wait|epoll_pwait2?|eventfd|syscall"
    r"|getdents64|pthread_create|dup|dup2|dup3|ioctl)\s*\("
)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"')


def files(root):
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(TEXT) or name in CODE_NAMES:
                yield os.path.join(directory, name)


def is_code(path):
    name = os.path.basename(path)
    return name.endswith(CODE) or name in CODE_NAMES


def blank(match):
    """What was matched, without its words but with its lines."""
    return "\n" * match.group(0).count("\n")


def check_lines(lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if UNFINISHED.search(line):
            yield number, "unfinished work"


def check_code(lines):
    if not any(LICENCE in line for line in lines[:3]):
        yield 1, f"no line with {LICENCE}"
    if len(lines) > LARGEST_FILE:
        yield len(lines), f"more than {LARGEST_FILE} lines"
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > WIDEST_LINE:
            yield number, f"wider than {WIDEST_LINE} columns"


def check_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > LONGEST_FUNCTION:
                yield start, f"a function of {number - start - 1} lines"
            start = None


def check_seam(text):
    code = LITERAL.sub('""', COMMENT.sub(blank, text))
    for number, line in enumerate(code.split("\n"), 1):
        match = SYSTEM_CALLS.search(line)
        if match:
            yield number, f"{match.group(1)}() beside the seam (libjanus/kernel.h)"


def check(path, root):
    with open(path, encoding="utf-8") as source:
        text = source.read()
    lines = text.splitlines()
    yield from check_lines(lines)
    if text and not text.endswith("\n"):
        yield len(lines), "the last line has no end"
    if is_code(path):
        yield from check_code(lines)
    if path.endswith((".c", ".h")):
        yield from check_functions(lines)
    in_library = os.path.dirname(os.path.relpath(path, root)) == "libjanus"
    if in_library and path.endswith((".c", ".h")) and os.path.basename(path) not in SEAM:
        yield from check_seam(text)


def main():
    root = sys.argv[1]
    seen = found = 0
    for path in files(root):
        seen += 1
        for number, what in check(path, root):
            print(f"{os.path.relpath(path, root)}:{number}: {what}")
            found += 1
    print(f"{seen} files, {found} findings")
    return 1 if found or not seen else 0


if __name__ == "__main__":
    sys.exit(main())
