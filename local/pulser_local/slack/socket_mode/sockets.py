"""All sockets of the app: who is connected, who gets the next envelope, and what comes back."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

from pulser_local.slack.clock import Clock
from pulser_local.slack.socket_mode.acks import Acks
from pulser_local.slack.socket_mode.connection import Connection, DisconnectReason
from pulser_local.slack.socket_mode.envelope import Delivered, Envelope, injected
from pulser_local.slack.socket_mode.ledger import Ack, Sent, SocketEvent, SocketLog
from pulser_local.slack.socket_mode.settings import SocketSettings
from pulser_local.slack.socket_mode.tickets import Tickets
from pulser_local.slack.timers import Timers
from pulser_local.slack.workspace import Json

GHOST = "ghost"
FOREIGN = "foreign"
_STARTED = "2020-12-05 08:55:11.462"
DEBUG_CONNECTION_TIME = 360  # seconds, with debug_reconnects=true


class Sockets:
    """The Socket Mode side of one app. `enabled` is whether Socket Mode is switched on."""

    def __init__(self, app_id: str, clock: Clock, timers: Timers) -> None:
        self.settings = SocketSettings()
        self.tickets = Tickets()
        self.log = SocketLog()
        self.enabled = True
        self.changed = asyncio.Event()  # set whenever a socket comes, says hello or goes
        self._app_id = app_id
        self._clock = clock
        self._timers = timers
        self._numbers = itertools.count(1)
        self._turns = itertools.count()
        self._duplicates = itertools.count(1)
        self._open: dict[str, Connection] = {}
        self._refused: set[Connection] = set()
        self.inbox = Acks(self.settings, clock, timers, self.log)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def get(self, socket_id: str) -> Connection:
        """One connection. KeyError when it is not open."""
        return self._open[socket_id]

    @property
    def live(self) -> list[Connection]:
        """Those past hello, oldest first."""
        return [one for one in self._open.values() if one.hello_at is not None and one.is_open]

    @property
    def acks(self) -> list[Ack]:
        """What the app said, oldest first."""
        return list(self.log.acks)

    @property
    def num_connections(self) -> int:
        """What hello tells: the app's sockets, those of another process, and ghosts."""
        return len(self._open) + self.settings.foreign + self.settings.ghosts

    def note(self, socket_id: str, what: str, detail: str = "") -> None:
        """Enter what happened to a connection."""
        self.log.events.append(SocketEvent(self._clock.now(), socket_id, what, detail))

    def opened(self, transport: asyncio.Transport, *, debug_reconnects: bool) -> Connection:
        """A handshake succeeded: what Slack says first, and when it will say more, is set going."""
        connection = Connection(f"s{next(self._numbers)}", transport, self.settings, self._timers, self.note)
        if debug_reconnects:
            connection.settings.approximate_connection_time = DEBUG_CONNECTION_TIME
        self.note(connection.id, "opened")
        if self.num_connections >= self.settings.max_connections:
            return self._refuse(connection, "too_many_websockets")
        if not self.enabled:
            return self._refuse(connection, "link_disabled")
        self._open[connection.id] = connection
        self._begin(connection)
        return connection

    def closed(self, connection: Connection) -> None:
        """The connection is gone."""
        connection.ended()
        self._refused.discard(connection)
        if self._open.pop(connection.id, None) and connection.muted and self.settings.muted_stay:
            self.settings.ghosts += 1
        self.note(connection.id, "closed")
        self._tell()

    def deliver(self, envelope: Envelope, socket_id: str | None = None) -> asyncio.Future[Delivered]:
        """Send an envelope to one socket, in turn or a given one; what became of it once Slack knows."""
        takers = [socket_id] if socket_id else self._takers()
        if not takers:
            return self.inbox.failed(envelope, "no_socket")
        turn = next(self._turns)
        pending = self.inbox.expect(envelope, takers[turn % len(takers)])
        self._send(envelope, takers[turn % len(takers)])
        if self._is_doubled():
            twin = envelope.renamed() if self.settings.duplicate == "new_id" else envelope
            other = takers[(turn + 1) % len(takers)]
            self.inbox.expect_also(pending, twin, other)
            self._send(twin, other)
        return pending.future

    def inject(self, envelope: Json | str, socket_id: str | None = None) -> asyncio.Future[Delivered]:
        """Send any JSON or text as an envelope; what became of it, by the envelope_id that stands in it."""
        return self.deliver(injected(envelope), socket_id)

    async def until(self, live: int) -> list[Connection]:
        """Wait until at least so many sockets are past hello; those."""
        while len(self.live) < live:
            self.changed.clear()
            await self.changed.wait()
        return self.live

    def disable(self) -> None:
        """Socket Mode is switched off: every socket is told, and closed."""
        self.enabled = False
        for connection in self:
            connection.disconnect("link_disabled")
            connection.close()

    def let_go(self) -> None:
        """End all connections, and what waits for an ack: the server stops."""
        self.inbox.let_go()
        for connection in [*self, *self._refused]:
            connection.end()

    def _begin(self, connection: Connection) -> None:
        settings = connection.settings
        if settings.mute_after == 0:
            connection.mute()
        if settings.ping_before_hello:
            connection.ping(b"Ping from applink")
        if settings.hello and settings.hello_delay:
            connection.later(settings.hello_delay, lambda: self._say_hello(connection))
        elif settings.hello:
            self._say_hello(connection)
        if settings.mute_after is not None:
            connection.later(settings.mute_after, connection.mute)
        if settings.ping_interval is not None:
            self._ping_later(connection, settings.ping_interval)
        lifetime = settings.approximate_connection_time
        warning = max(0.0, lifetime - settings.warning_seconds)
        connection.later(warning, lambda: connection.disconnect("warning"))
        connection.later(lifetime, lambda: self._recycle(connection))

    def _say_hello(self, connection: Connection) -> None:
        connection.send(self._hello(connection))
        connection.hello_at = self._clock.monotonic()
        self.note(connection.id, "hello", str(self.num_connections))
        self._tell()

    def _hello(self, connection: Connection) -> Json:
        settings = connection.settings
        return {
            "type": "hello",
            "num_connections": self.num_connections,
            "debug_info": {
                "host": connection.host,
                "started": _STARTED,
                "build_number": 10,
                "approximate_connection_time": settings.approximate_connection_time,
            },
            "connection_info": {"app_id": settings.hello_app_id or self._app_id},
        }

    def _ping_later(self, connection: Connection, interval: float) -> None:
        def again() -> None:
            connection.ping(b"Ping from applink")
            connection.later(interval, again)

        connection.later(interval, again)

    def _recycle(self, connection: Connection) -> None:
        connection.disconnect("refresh_requested")
        connection.close()

    def _refuse(self, connection: Connection, reason: DisconnectReason) -> Connection:
        self._refused.add(connection)
        connection.disconnect(reason)
        if self.settings.refused_close_code is None:
            connection.end()
        else:
            connection.close(self.settings.refused_close_code)
        return connection

    def _takers(self) -> list[str]:
        settings = self.settings
        if settings.deaf:
            return [GHOST] if self.live else []
        takers = [one.id for one in self.live if one.takes and not one.closing]
        takers += [FOREIGN] * settings.foreign
        return takers + [GHOST] * (settings.ghosts if settings.ghosts_take else 0)

    def _send(self, envelope: Envelope, taker: str) -> None:
        entry = Sent(self._clock.now(), taker, envelope.envelope_id, envelope.type, envelope.retry_attempt)
        self.log.sent.append(entry)
        if taker in self._open:
            self._open[taker].send_text(envelope.to_text())
        elif taker == FOREIGN:
            self.inbox.take(FOREIGN, {"envelope_id": envelope.envelope_id})

    def _is_doubled(self) -> bool:
        """Every n-th one, so that the share holds without chance."""
        if self.settings.duplicate == "no":
            return False
        number, share = next(self._duplicates), self.settings.duplicate_share
        return int(number * share) > int((number - 1) * share)

    def _tell(self) -> None:
        self.changed.set()
