"""The line to a database, which can be cut, slowed and stopped; the database itself goes on."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit


class Line:
    """A port of this process that leads to a database. `delay`: seconds that each piece of data takes in addition."""

    def __init__(self, database_url: str) -> None:
        self.delay = 0.0
        self._target = urlsplit(database_url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._far: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._port = 0

    @property
    def url(self) -> str:
        """The database's URL through this line."""
        login = self._target.netloc.rpartition("@")[0]
        return self._target._replace(netloc=f"{login}@127.0.0.1:{self._port}").geturl()

    @property
    def ports(self) -> list[int]:
        """The ports from which this line's connections reach the database (client_port of pg_stat_activity)."""
        return [int(writer.get_extra_info("sockname")[1]) for writer in self._far if not writer.is_closing()]

    async def mend(self) -> None:
        """Take connections (again), always on the same port."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse and reset everything."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._far.clear()

    def stop(self) -> None:
        """Let nothing through, and tell nobody."""
        self._flows.clear()

    def go_on(self) -> None:
        """Let through what was held back, and all else."""
        self._flows.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()  # the database is not there
            return
        self._writers |= {writer, far_writer}
        self._far.add(far_writer)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._writers -= {writer, far_writer}
        self._far.discard(far_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := await reader.read(65536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
