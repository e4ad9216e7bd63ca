"""Slack's signature on HTTP requests: what is genuine, and that nothing else is, nor breaks it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.errors import DatabaseUnavailable
from pulser.signature import CURRENT, PREVIOUS, SlackSignature
from pulser.vault import Vault
from tests.unit.shared.fake_database import FakeClock, FakeDatabase

NOW = 1_767_225_600.0
BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
SECRET, OLD = "signing-sentinel-current", "signing-sentinel-previous"


def signed(body: bytes = BODY, secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    """The headers of Slack."""
    digest = hmac.new(secret.encode(), b"v0:%d:%b" % (int(at), body), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(int(at)), "x-slack-signature": f"v0={digest}"}


@dataclass(slots=True)
class Door:
    """The check with its Vault and clocks."""

    database: FakeDatabase
    clock: FakeClock
    check: SlackSignature


def door_of(secrets: dict[str, str]) -> Door:
    """A check on a Vault with these secrets."""
    database, clock = FakeDatabase(dict(secrets)), FakeClock()
    vault = Vault(database, clock=clock)
    return Door(database, clock, SlackSignature(vault, wall_clock=lambda: NOW, clock=clock))


@pytest.fixture
def door() -> Door:
    """Both secrets are there, as while they are changed."""
    return door_of({CURRENT: SECRET, PREVIOUS: OLD})


@pytest.mark.parametrize("secret", [SECRET, OLD])
@pytest.mark.parametrize("off", [-300, -299, 0, 300])
async def test_what_slack_signed_is_genuine(door: Door, secret: str, off: int) -> None:
    """With the current and the previous secret, five minutes both ways."""
    verdict = await door.check.check(signed(secret=secret, at=NOW + off), BODY)
    assert verdict.genuine


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"\0", b"x" * 100_000])
async def test_the_raw_bytes_are_signed(door: Door, body: bytes) -> None:
    """Whatever they are."""
    assert (await door.check.check(signed(body), body)).genuine


@pytest.mark.parametrize("off", [-301, 301, -1e9, 1e12])
async def test_another_time_is_refused(door: Door, off: float) -> None:
    """Six minutes ago and in six minutes are not now."""
    assert not (await door.check.check(signed(at=NOW + off), BODY)).genuine


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-slack-request-timestamp": "abc"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "-1"},
        {"x-slack-request-timestamp": "1e9"},
        {"x-slack-request-timestamp": "١٧٦٧٢٢٥٦٠٠"},
        {"x-slack-request-timestamp": " 1767225600"},
        {"x-slack-request-timestamp": "9" * 5000},
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0="},
        {"x-slack-signature": "v0=é"},
        {"x-slack-signature": "v1=" + "0" * 64},
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-signature": "v0=" + "0" * 64 + "\n"},
    ],
    ids=lambda it: str(it)[:50],
)
async def test_hostile_headers_are_a_verdict(door: Door, headers: dict[str, str]) -> None:
    """No header makes the check raise (`slack-platform.md` 1.5)."""
    given_headers = signed() | headers if headers else {}
    assert not (await door.check.check(given_headers, BODY)).genuine


@pytest.mark.parametrize("body", [BODY + b" ", b"", b"\xff\xfe"])
async def test_a_changed_body_is_refused(door: Door, body: bytes) -> None:
    """One byte is enough."""
    assert not (await door.check.check(signed(), body)).genuine


async def test_one_signature_has_one_spelling(door: Door) -> None:
    """A replay cannot look like another request."""
    upper = signed()["x-slack-signature"].upper().replace("V0", "v0")
    assert not (await door.check.check(signed() | {"x-slack-signature": upper}, BODY)).genuine


async def test_a_replay_has_the_same_id_and_another_request_another(door: Door) -> None:
    """The id is what the ledger knows a replay by."""
    verdicts = [
        await door.check.check(signed(body, at=at), body)
        for body, at in [(BODY, NOW), (BODY, NOW), (BODY, NOW - 1), (b"x", NOW)]
    ]
    ids = [it.request_id for it in verdicts]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


async def test_a_wrong_secret_is_refused(door: Door) -> None:
    """So is the right signature of another app."""
    assert not (await door.check.check(signed(secret="another"), BODY)).genuine


async def test_without_a_secret_everything_is_a_forgery() -> None:
    """Nobody can be told from Slack."""
    door = door_of({})
    assert not (await door.check.check(signed(), BODY)).genuine
    assert not (await door.check.check(signed(secret=""), BODY)).genuine


@pytest.mark.parametrize("name", [CURRENT, PREVIOUS])
async def test_one_secret_is_enough(name: str) -> None:
    """Either may be missing."""
    assert (await door_of({name: SECRET}).check.check(signed(), BODY)).genuine


async def test_a_new_secret_works_at_once(door: Door) -> None:
    """A signature that nothing remembered explains has Vault read again."""
    await door.check.check(signed(), BODY)
    door.database.secrets[CURRENT] = "new"
    assert (await door.check.check(signed(secret="new"), BODY)).genuine


async def test_a_previous_secret_that_came_later_is_remembered() -> None:
    """There was none at first; once it was found, requests of both are genuine, in any order and at once."""
    door = door_of({CURRENT: OLD})
    await door.check.check(signed(secret=OLD), BODY)
    door.database.secrets |= {CURRENT: SECRET, PREVIOUS: OLD}
    verdicts = [await door.check.check(signed(secret=it), BODY) for it in (SECRET, OLD, SECRET, OLD)]
    assert [it.genuine for it in verdicts] == [True] * 4


async def test_forgeries_do_not_flood_vault(door: Door) -> None:
    """A hundred of them cost two looks: the first one, and one more."""
    for _ in range(100):
        await door.check.check(signed(secret="another"), BODY)
    assert len(door.database.reads) == 4


async def test_a_missing_previous_secret_is_not_asked_for_each_time() -> None:
    """The usual state of affairs: genuine requests cost no look into Vault."""
    door = door_of({CURRENT: SECRET})
    for _ in range(10):
        await door.check.check(signed(), BODY)
    assert len(door.database.reads) == 2


async def test_no_signature_needs_no_vault(door: Door) -> None:
    """What cannot be genuine is refused also while the database is away."""
    door.database.trouble = DatabaseUnavailable("away")
    assert not (await door.check.check({}, BODY)).genuine
    assert door.database.reads == []


async def test_a_vault_that_is_away_is_no_verdict(door: Door) -> None:
    """Slack must not be told that its request is forged."""
    door.database.trouble = DatabaseUnavailable("away")
    with pytest.raises(DatabaseUnavailable):
        await door.check.check(signed(), BODY)


@given(st.text(), st.text(), st.binary())
async def test_nothing_breaks_the_check(timestamp: str, signature: str, body: bytes) -> None:
    """Any headers, any body: refused."""
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
    assert not (await door_of({CURRENT: SECRET}).check.check(headers, body)).genuine
