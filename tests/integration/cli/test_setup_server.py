"""What setup says of a database that fails while its migrations are looked at."""

from __future__ import annotations

import asyncio

import pytest

from pulser_cli.setup.server import AGAIN, missing_migrations
from pulser_local.errors import LocalError


async def test_a_database_that_hangs_up_is_no_question_of_rights() -> None:
    """It is to be tried again; nobody is sent to look for another role, and no password is told."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(LocalError) as refused:
            await missing_migrations(f"postgresql://postgres:SENTINEL@127.0.0.1:{port}/postgres")
    assert (refused.value.remedy, "SENTINEL" in str(refused.value)) == (AGAIN, False)
