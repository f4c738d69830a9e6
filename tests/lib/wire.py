# SPDX-License-Identifier: MIT
"""Protobuf messages written by hand, byte by byte.

Owns: the field numbers of the contract, spelled out a second time and on purpose: what is
encoded here does not depend on the project's own .proto files. Also makes what no generated
class would make: bad UTF-8, NULs, floods of empty map entries.
"""


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def text(field, value):
    """A string, bytes or message field."""
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(field << 3 | 2) + varint(len(data)) + data


def number(field, value):
    return varint(field << 3) + varint(value)


def tag(key, value):
    return text(7, text(1, key) + text(2, value))


def subject(allow=(), deny=(), event=("open",), only_dir=False, auto_allow_owner=False,
            audit=False, tags=(), extra=b""):
    out = b"".join(text(1, path) for path in allow)
    out += b"".join(text(2, path) for path in deny)
    out += b"".join(text(3, name) for name in event)
    for field, flag in ((4, only_dir), (5, auto_allow_owner), (6, audit)):
        out += number(field, 1) if flag else b""
    return out + b"".join(tag(key, value) for key, value in tags) + extra


def config(name="", node="", pod="", pids=(), cids=(), subjects=(), log_format=""):
    out = b"".join(text(field, value)
                   for field, value in ((1, name), (2, node), (3, pod)) if value)
    if pids:
        out += text(4, b"".join(varint(pid) for pid in pids))  # packed, as proto3 does
    out += b"".join(text(5, cid) for cid in cids)
    out += b"".join(text(6, one) for one in subjects)
    return out + (text(7, log_format) if log_format else b"")


def decode(data):
    """[(field, wire type, value)] of one message."""
    at, fields = 0, []

    def read_varint():
        nonlocal at
        result = shift = 0
        while True:
            byte = data[at]
            at += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    while at < len(data):
        key = read_varint()
        if key & 7 == 0:
            fields.append((key >> 3, 0, read_varint()))
        elif key & 7 == 2:
            size = read_varint()
            fields.append((key >> 3, 2, data[at:at + size]))
            at += size
        else:
            raise ValueError(f"wire type {key & 7} of field {key >> 3}")
    return fields
