"""What notify-dispatch tells those who have shown no key."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from notify_dispatch.serve import Service
from notify_dispatch.settings import DispatchSettings
from pulser.errors import DatabaseRefused, DatabaseUnavailable, PulserError
from tests.unit.shared.fake_database import FakeDatabase


@pytest.mark.parametrize("trouble", [DatabaseRefused, DatabaseUnavailable])
async def test_the_words_of_the_database_stay_inside(trouble: type[PulserError]) -> None:
    """A server that refuses us names users and hosts: that is for the log, not for the answer."""
    words = 'password authentication failed for user "sentinel"'
    error = trouble("28P01", words) if trouble is DatabaseRefused else trouble(words)
    service = Service(DispatchSettings(supabase_db_url=SecretStr("postgresql://nowhere")), FakeDatabase(trouble=error))
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [(b"apikey", b"a key")]}
    answer = await service.answer(Request(scope))
    assert (answer.status_code, b"sentinel" in answer.body) == (503, False)
    await service.close()
