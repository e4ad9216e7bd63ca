"""User groups: asked once, remembered for a while, and never a yes by mistake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pulser.groups import REMEMBERED_FOR, UNKNOWN_FOR, Groups
from pulser.permission import Membership
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.contract.fake_slack import Answer, Odd, answering, cut_short, fixed
from tests.unit.shared.fake_database import FakeClock, FakeDatabase

JSON = "application/json"
MEMBERS = fixed(b'{"ok": true, "users": ["U0ALICE", "U0BOB"]}', JSON)
IN = Membership(frozenset({"S0A"}), frozenset())
OUT = Membership(frozenset(), frozenset())
UNKNOWN = Membership(frozenset(), frozenset({"S0A"}))


@asynccontextmanager
async def groups_of(answer: Answer, *, limit: float = 5.0) -> AsyncIterator[tuple[Groups, Odd, FakeClock]]:
    """User groups of a Slack that gives this answer to everything."""
    async with answering(answer) as odd:
        slack = SlackApi(Vault(FakeDatabase({"slack_bot_token": "xoxb-sentinel"})), odd.url)
        clock = FakeClock()
        try:
            yield Groups(slack, limit, clock), odd, clock
        finally:
            await slack.close()


async def test_members_are_in_and_others_are_not() -> None:
    """As Slack says."""
    async with groups_of(MEMBERS) as (groups, odd, _):
        assert await groups.membership("U0ALICE", ["S0A"]) == IN
        assert await groups.membership("U0CAROL", ["S0A"]) == OUT
        assert odd.requests[0].query["usergroup"] == "S0A"


async def test_a_group_is_remembered_and_asked_for_again() -> None:
    """For a bounded time: who leaves the group loses what it gave."""
    async with groups_of(MEMBERS) as (groups, odd, clock):
        await groups.membership("U0ALICE", ["S0A"])
        clock.now += REMEMBERED_FOR - 1
        await groups.membership("U0ALICE", ["S0A"])
        assert len(odd.requests) == 1
        clock.now += 2
        await groups.membership("U0ALICE", ["S0A"])
        assert len(odd.requests) == 2


async def test_a_hundred_who_ask_at_once_are_one_question() -> None:
    """A burst of clicks must not meet Slack's limit."""
    async with groups_of(MEMBERS) as (groups, odd, _):
        told = await asyncio.gather(*(groups.membership("U0BOB", ["S0A"]) for _ in range(100)))
        assert (set(told), len(odd.requests)) == ({IN}, 1)


async def test_one_who_gives_up_does_not_take_the_answer_from_others() -> None:
    """The question goes on."""
    gate = asyncio.Event()

    async def wait(_request: web.Request) -> web.StreamResponse:
        await gate.wait()
        return web.json_response({"ok": True, "users": ["U0BOB"]})

    async with groups_of(wait) as (groups, odd, _):
        first, second = (asyncio.create_task(groups.membership("U0BOB", ["S0A"])) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second == IN
        assert len(odd.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        fixed(b'{"ok": false, "error": "no_such_subteam"}', JSON),
        fixed(b'{"ok": false, "error": "missing_scope"}', JSON),
        fixed(b'{"ok": false, "error": "internal_error"}', JSON),
        fixed(b'{"ok": false}', JSON, status=429, headers={"Retry-After": "30"}),
        fixed(b"<html>", "text/html", status=502),
        fixed(b"", JSON, status=503),
        fixed(b"{", JSON),
        fixed(b"[]", JSON),
        fixed(b'{"ok": true}', JSON),
        fixed(b'{"ok": true, "users": {"U0ALICE": true}}', JSON),
        cut_short(),
    ],
    ids=["unknown", "scope", "internal", "limit", "proxy", "outage", "garbage", "list", "no users", "odd", "cut short"],
)
async def test_a_slack_that_does_not_say_is_not_a_yes(answer: Answer) -> None:
    """It is not a no either: the person is told that it could not be checked. Slack is asked again soon."""
    async with groups_of(answer) as (groups, odd, clock):
        assert await groups.membership("U0ALICE", ["S0A"]) == UNKNOWN
        asked = len(odd.requests)
        assert await groups.membership("U0ALICE", ["S0A"]) == UNKNOWN
        assert len(odd.requests) == asked
        clock.now += UNKNOWN_FOR + 0.1
        assert await groups.membership("U0ALICE", ["S0A"]) == UNKNOWN
        assert len(odd.requests) > asked


async def test_a_slow_slack_is_not_waited_for() -> None:
    """The person waits."""
    never = asyncio.Event()

    async def hang(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    async with groups_of(hang, limit=0.05) as (groups, _, _clock):
        assert await groups.membership("U0ALICE", ["S0A"]) == UNKNOWN


async def test_a_slack_that_is_not_there_is_not_a_yes() -> None:
    """Nobody listens at the port."""
    async with answering(MEMBERS) as gone:
        url = gone.url
    slack = SlackApi(Vault(FakeDatabase({"slack_bot_token": "x"})), url)
    assert await Groups(slack).membership("U0ALICE", ["S0A"]) == UNKNOWN
    await slack.close()


async def test_odd_members_are_left_out() -> None:
    """An id is a text."""
    async with groups_of(fixed(b'{"ok": true, "users": [7, null, "U0BOB"]}', JSON)) as (groups, _, _clock):
        assert await groups.membership("U0BOB", ["S0A"]) == IN


async def test_no_groups_are_no_question() -> None:
    """Who is named himself costs no call."""
    async with groups_of(MEMBERS) as (groups, odd, _):
        assert await groups.membership("U0ALICE", []) == OUT
        assert odd.requests == []
