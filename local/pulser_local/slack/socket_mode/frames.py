"""Frames of a WebSocket as a server sends them: whole ones, and the pieces and oddities a fault asks for."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

_FIN: Final = 0x80


def frame(opcode: int, payload: bytes = b"", *, last: bool = True) -> bytes:
    """One frame. Unmasked, as a server's must be; `last` is false for all but the last piece of a message."""
    first = opcode | (_FIN if last else 0)
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, 126, size)
    else:
        head = struct.pack("!BBQ", first, 127, size)
    return head + payload


def close(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode()[:123])


def fragments(text: str, pieces: int) -> Iterator[bytes]:
    """A text message in so many frames, cut anywhere: in the middle of a character too."""
    data = text.encode()
    size = max(1, -(-len(data) // max(1, pieces)))
    parts = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    for number, part in enumerate(parts):
        yield frame(CONTINUATION if number else TEXT, part, last=number == len(parts) - 1)
