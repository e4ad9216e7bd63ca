"""The door of a function: whose key is let in, what a look into Vault costs, and how it answers."""

from __future__ import annotations

import json

import pytest
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from pulser.errors import DatabaseUnavailable, SecretMissing
from pulser.http import VERSION, KeyCheck, answer, answer_error, answer_health
from pulser.vault import Vault
from tests.unit.shared.fake_database import FakeClock, FakeDatabase

NAME = "pulser_function_key"
KEY = "the-right-key"


def request(**headers: str | bytes) -> Request:
    """A request with these headers, as a server passes them on."""
    raw = [(name.encode(), it if isinstance(it, bytes) else it.encode()) for name, it in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": raw})


@pytest.fixture
def database() -> FakeDatabase:
    """A Vault that holds the key."""
    return FakeDatabase({NAME: KEY})


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def check(database: FakeDatabase, clock: FakeClock) -> KeyCheck:
    """What is tested."""
    return KeyCheck(Vault(database, clock=clock), clock=clock)


@pytest.mark.parametrize(
    "headers",
    [
        {"apikey": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"apikey": KEY, "authorization": "Bearer something-else"},
    ],
    ids=["apikey", "bearer", "small bearer", "apikey first"],
)
async def test_the_right_key_is_let_in(check: KeyCheck, headers: dict[str, str]) -> None:
    """The key opens as `apikey` and as a bearer token."""
    assert await check.admits(request(**headers)) is True


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"apikey": ""},
        {"apikey": "wrong"},
        {"apikey": KEY[:-1]},
        {"apikey": f"{KEY}x"},
        {"apikey": KEY.upper()},
        {"apikey": "schlüssel".encode()},
        {"apikey": b"\xff\xfe\x00"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer"},
        {"authorization": KEY},
        {"authorization": f"Basic {KEY}"},
    ],
    ids=repr,
)
async def test_any_other_key_is_not(check: KeyCheck, headers: dict[str, str | bytes]) -> None:
    """A wrong, missing, shortened, odd or otherwise presented key does not open, and breaks nothing."""
    assert await check.admits(request(**headers)) is False


async def test_a_request_without_a_key_costs_no_look_into_vault(check: KeyCheck, database: FakeDatabase) -> None:
    """Who brings no key is refused without asking anybody."""
    await check.admits(request())
    assert database.reads == []


async def test_the_right_key_costs_one_look(check: KeyCheck, database: FakeDatabase) -> None:
    """The key is remembered between two requests."""
    await check.admits(request(apikey=KEY))
    await check.admits(request(apikey=KEY))
    assert len(database.reads) == 1


async def test_a_changed_key_works_at_once(check: KeyCheck, database: FakeDatabase) -> None:
    """A key that was changed in Vault opens with the first request that brings it."""
    await check.admits(request(apikey=KEY))
    database.secrets[NAME] = "newer"
    assert await check.admits(request(apikey="newer")) is True


async def test_the_former_key_is_refused_once_the_newer_was_seen(check: KeyCheck, database: FakeDatabase) -> None:
    """After a key has been changed and used, the old one opens no more."""
    await check.admits(request(apikey=KEY))
    database.secrets[NAME] = "newer"
    await check.admits(request(apikey="newer"))
    assert await check.admits(request(apikey=KEY)) is False


async def test_wrong_keys_cost_one_look_in_five_seconds(
    check: KeyCheck, database: FakeDatabase, clock: FakeClock
) -> None:
    """However many wrong keys come, Vault is asked once in five seconds because of them."""
    await check.admits(request(apikey=KEY))
    looks = []
    for _ in range(3):
        before = len(database.reads)
        for at in range(20):
            await check.admits(request(apikey=f"guess-{at}"))
        looks.append(len(database.reads) - before)
        clock.now += 5.0
    assert looks == [1, 1, 1]


async def test_a_key_changed_during_the_five_seconds_works_after_them(
    check: KeyCheck, database: FakeDatabase, clock: FakeClock
) -> None:
    """Wrong keys delay a changed key by five seconds at most."""
    await check.admits(request(apikey="wrong"))
    database.secrets[NAME] = "newer"
    clock.now += 5.0
    assert await check.admits(request(apikey="newer")) is True


async def test_without_a_key_in_vault_nobody_is_let_in(check: KeyCheck, database: FakeDatabase) -> None:
    """Where Vault holds no key, that is an error by its name and not an open door."""
    database.secrets.clear()
    with pytest.raises(SecretMissing, match=NAME):
        await check.admits(request(apikey=KEY))


async def test_without_vault_nobody_is_let_in(check: KeyCheck, database: FakeDatabase) -> None:
    """Where Vault cannot be asked and nothing is remembered, that is an error and not an open door."""
    database.trouble = DatabaseUnavailable("away")
    with pytest.raises(DatabaseUnavailable):
        await check.admits(request(apikey=KEY))


async def test_a_remembered_key_opens_while_vault_is_away(check: KeyCheck, database: FakeDatabase) -> None:
    """A short absence of the database does not lock out who has the key."""
    await check.admits(request(apikey=KEY))
    database.trouble = DatabaseUnavailable("away")
    assert await check.admits(request(apikey=KEY)) is True


class Failing:
    """A function with a fault in it, whose words hold a secret."""

    async def answer(self, _request: Request) -> Response:
        """Nothing."""
        raise RuntimeError("at /srv/serve.py with xoxb-sentinel-token")


async def test_a_failure_that_nobody_foresaw_tells_no_caller() -> None:
    """500 as JSON, and no word of it; the log has it with its traceback (which it redacts, as all)."""
    with capture_logs() as lines:
        told = await answer(Failing, request())
    assert (told.status_code, json.loads(bytes(told.body))["error"]) == (500, "failed")
    assert not any(it in bytes(told.body) for it in (b"RuntimeError", b"serve.py", b"sentinel", b"Traceback"))
    assert lines == [{"event": "request_failed", "log_level": "error", "exc_info": True}]


def test_an_error_is_json_with_a_code_and_words() -> None:
    """An error answers ok false, a code, a message, and nothing else."""
    told = answer_error(405, "method_not_allowed", "POST rings")
    assert told.status_code == 405
    assert json.loads(bytes(told.body)) == {"ok": False, "error": "method_not_allowed", "message": "POST rings"}


@pytest.mark.parametrize(("status", "challenge"), [(401, "Bearer"), (405, None), (503, None)])
def test_only_a_401_says_how_to_come_in(status: int, challenge: str | None) -> None:
    """WWW-Authenticate stands on a 401, as HTTP wants it, and nowhere else."""
    assert answer_error(status, "code", "words").headers.get("WWW-Authenticate") == challenge


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ({}, 200),
        ({"database": {"ok": True}, "vault": {"ok": True}}, 200),
        ({"database": {"ok": True}, "vault": {"ok": False}}, 503),
        ({"database": {"ok": False}, "vault": {"ok": False}}, 503),
    ],
)
def test_one_failed_check_is_enough(checks: dict[str, dict[str, bool]], status: int) -> None:
    """Health is 200 when all checks are ok, else 503, and its `ok` says the same."""
    told = answer_health("notify-dispatch", checks)
    body = json.loads(bytes(told.body))
    assert told.status_code == status
    assert body == {"ok": status == 200, "function": "notify-dispatch", "version": VERSION, "checks": checks}
