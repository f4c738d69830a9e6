# SPDX-License-Identifier: MIT
"""HTTP/2 frames written by hand, for what no client would send. No compression, no state."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW = 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    """window: how much the peer may send on a new stream."""
    pairs = b"".join(struct.pack(">HI", INITIAL_WINDOW, value) for value in values.values())
    return frame(SETTINGS, payload=pairs)


def length(size):
    """With a prefix of 7 bits, as HPACK has it."""
    if size < 127:
        return bytes([size])
    size -= 127
    out = bytearray([127])
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def header(name, value):
    """Never indexed."""
    name, value = name.encode(), value.encode()
    return b"\x10" + length(len(name)) + name + length(len(value)) + value


def request(path):
    return b"".join(header(*pair) for pair in (
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
        ("te", "trailers"), ("content-type", "application/grpc")))


def message(data):
    return b"\0" + struct.pack(">I", len(data)) + data


def dial(address, timeout=20.0):
    """Whatever happens, nobody waits for ever."""
    if address.startswith("unix:"):
        peer = socket.socket(socket.AF_UNIX)
        target = address.removeprefix("unix:")
    else:
        peer = socket.socket()
        host, port = address.rsplit(":", 1)
        target = (host, int(port))
    peer.settimeout(timeout)
    peer.connect(target)
    return peer


def send(peer, data):
    """Return: whether all of it was taken; the other one may have had enough."""
    try:
        peer.sendall(data)
    except OSError:
        return False
    return True


def drain(peer):
    """What comes until the other one closes, or says nothing for as long as the timeout."""
    got = bytearray()
    try:
        while data := peer.recv(1 << 16):
            got += data
    except OSError:
        pass
    return bytes(got)
