"""One WebSocket of the app, as the server holds it, with the faults that concern it alone."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from typing import Final, Literal

from pulser_local.slack.socket_mode import frames
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.timers import Timer, Timers
from pulser_local.slack.workspace import Json

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]

_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)
_LINGER_SECONDS: Final = 2.0  # that the other side has to answer a close frame


class Connection:
    """An open socket. All that is sent leaves at once and nothing here waits, so that order is what is seen.

    `hello_at` is None before the hello; `muted` says that no byte goes either way; `takes` whether envelopes are
    routed to it. `note` is told what happens, in a word and with a detail.
    """

    def __init__(
        self,
        socket_id: str,
        transport: asyncio.Transport,
        settings: SocketSettings,
        timers: Timers,
        note: Callable[[str, str, str], None],
    ) -> None:
        self.id = socket_id
        self.settings = settings.model_copy()
        self.takes = True
        self.muted = False
        self.hello_at: float | None = None
        self.closing = False
        self.host = f"applink-{socket_id}"
        self.pings_received = 0
        self.pongs_received = 0
        self._transport = transport
        self._timers = timers
        self._note = note
        self._set: list[Timer] = []

    @property
    def is_open(self) -> bool:
        """Whether the server still holds the connection."""
        return not self._transport.is_closing()

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later unless the connection has ended by then."""
        self._set.append(self._timers.after(seconds, act))

    def ended(self) -> None:
        """Called once when the connection is gone."""
        for timer in self._set:
            timer.cancel()
        self._set.clear()

    # What is sent

    def send(self, message: Json) -> None:
        """A JSON text frame."""
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        """Any text frame, JSON or not."""
        self.send_raw(frames.frame(frames.TEXT, text.encode()))

    def send_binary(self, data: bytes) -> None:
        """A binary frame."""
        self.send_raw(frames.frame(frames.BINARY, data))

    def send_fragments(self, text: str, pieces: int) -> None:
        """A text message in so many frames, cut in the middle of characters too."""
        for piece in frames.fragments(text, pieces):
            self.send_raw(piece)

    def send_raw(self, data: bytes) -> None:
        """Bytes as they stand; nothing when the connection is muted or gone."""
        if not self.muted and self.is_open:
            self._transport.write(data)

    def ping(self, data: bytes = b"") -> None:
        """A WebSocket ping."""
        self.send_raw(frames.frame(frames.PING, data))

    def pong(self, data: bytes) -> None:
        """Answer a ping, as late as the settings say."""
        self.pings_received += 1
        if not self.settings.pong:
            return
        answer = frames.frame(frames.PONG, data)
        if self.settings.pong_delay:
            self.later(self.settings.pong_delay, lambda: self.send_raw(answer))
        else:
            self.send_raw(answer)

    def disconnect(self, reason: DisconnectReason | str, *, debug_info: bool = True) -> None:
        """Slack's word that the connection will end. It stays open until it is closed."""
        message: Json = {"type": "disconnect", "reason": reason}
        if debug_info:
            message["debug_info"] = {"host": self.host}
        self._note(self.id, "disconnect", str(reason))
        self.send(message)

    # How it fails

    def mute(self) -> None:
        """Half-open from now on: nothing is sent, nothing is heard, and the other side is not told."""
        if not self.muted:
            self.muted = True
            self._note(self.id, "muted", "")

    def unmute(self) -> None:
        """Speak and hear again. What was not heard is lost."""
        self.muted = False

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a close frame; the TCP connection ends when it is answered, or after 2 s."""
        if self.closing or not self.is_open:
            return
        self.closing = True
        self._note(self.id, "closing", str(code))
        self.send_raw(frames.close(code, reason))
        self.later(_LINGER_SECONDS, self._transport.close)

    def end(self) -> None:
        """End the TCP connection (FIN) without a close frame: what a client calls 1006."""
        self._note(self.id, "fin", "")
        self._transport.close()

    def reset(self) -> None:
        """Break the TCP connection (RST)."""
        self._note(self.id, "rst", "")
        connection = self._transport.get_extra_info("socket")
        if self.is_open and connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._transport.abort()

    def answer_close(self, data: bytes) -> bool:
        """The other side closes: answer as the settings say. Whether the connection is ended."""
        if not self.closing:
            if self.muted or not self.settings.answer_close:
                self._note(self.id, "close_not_answered", "")
                return False
            self.send_raw(frames.frame(frames.CLOSE, data))
        self._transport.close()
        return True

    def to_json(self) -> Json:
        """The connection as the controls give it."""
        return {
            "id": self.id,
            "hello": self.hello_at is not None,
            "muted": self.muted,
            "takes": self.takes,
            "closing": self.closing,
            "host": self.host,
            "pings_received": self.pings_received,
            "pongs_received": self.pongs_received,
        }
