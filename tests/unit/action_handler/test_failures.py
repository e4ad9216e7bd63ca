"""Each call that action-handler makes fails in each way: in the end there is one effect, and the click is answered."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from action_handler.handle import Actions
from action_handler.zones import Zones
from pulser.envelope import Envelope
from pulser.errors import DatabaseRefused, DatabaseUnavailable, PulserError
from pulser.groups import Groups
from pulser.handling_work import Work
from pulser.replies import Replies
from pulser.slack import SlackApi
from pulser.vault import Vault
from tests.contract.fake_slack import Answer, answering, cut_short, fixed
from tests.unit.action_handler.situations import ALICE, BOB, CAROL, NOW, ONCALL
from tests.unit.action_handler.test_handle import DEPLOY, KEY, POLICY, signed
from tests.unit.shared.handling_ledger import FakeLedger, Trouble

CALLED = (
    "claim_envelope_v1",
    "read_secret_v1",
    "card_for_event_v1",
    "service_policy_v1",
    "settle_envelope_v1",
    "claim_reply_v1",
    "confirm_reply_v1",
)
AWAY, REFUSED = DatabaseUnavailable("away"), DatabaseRefused("P0001", "no")
JSON = "application/json"


class Slack:
    """A Slack that knows one group, and shows private messages; `odd` answers the next calls of a path instead."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.odd: dict[str, list[Answer]] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """The answer to any request."""
        path = request.path.rpartition("/")[2]
        if self.odd.get(path):
            return await self.odd[path].pop(0)(request)
        if path == "usergroups.users.list":
            return web.json_response({"ok": True, "users": [CAROL]})
        self.shown.append((await request.json())["text"])
        return web.json_response({"ok": True})


class Scene:
    """A worker between a ledger and a Slack, and a click on a deploy that waits."""

    def __init__(self, slack: Slack, url: str) -> None:
        self.slack = slack
        self.ledger = FakeLedger({"pulser_button_key": KEY, "slack_bot_token": "xoxb-sentinel"})
        self.ledger.answers = {
            "card_for_event_v1": lambda _: DEPLOY,
            "service_policy_v1": lambda _: POLICY | {"approvers": [BOB, ONCALL]},
        }
        vault = Vault(self.ledger)
        self.api = SlackApi(vault, url, timeout=1.0)
        self.replies = Replies(self.api, timeout=1.0)
        handle = Actions(self.ledger, vault, Groups(self.api, 0.5), Zones(self.api, 0.5), lambda: NOW)
        self.work = Work("action-handler", self.ledger, self.replies, handle, "worker", drain_seconds=20)
        self.url = url

    def click(self, user: str) -> None:
        """An Approve click that the relay has recorded."""
        payload = {
            "type": "block_actions",
            "team": {"id": "T1"},
            "user": {"id": user},
            "channel": {"id": "C1"},
            "trigger_id": "t-1",
            "actions": [{"action_id": "pulser_approve", "value": signed("approve")}],
            "response_url": self.url.replace("/api/", "/actions/response"),
        }
        self.ledger.put(Envelope.from_interaction(payload, "e-1").to_record(transport="socket", received_at=0.0))

    async def forwarded(self) -> None:
        """The relay's call, and then sweeps until nothing is left."""
        with suppress(PulserError):
            await self.work.run("T1", "e-1", time.monotonic() + 60)
        await self.work.finish()
        for _ in range(3):
            self.ledger.let_time_pass()
            try:
                await self.work.drain()
            except PulserError:
                continue
            await self.work.finish()

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        """What was settled."""
        return self.ledger.rows["T1", "e-1"].outcomes


@asynccontextmanager
async def _scene() -> AsyncIterator[Scene]:
    slack = Slack()
    async with answering(slack) as odd:
        made = Scene(slack, odd.url)
        try:
            yield made
        finally:
            await made.replies.close()
            await made.api.close()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """What is tested."""
    async with _scene() as made:
        yield made


@pytest.mark.parametrize("function", CALLED)
@pytest.mark.parametrize(
    "trouble",
    [Trouble(AWAY), Trouble(AWAY, after=True), Trouble(REFUSED)],
    ids=["away", "echo lost", "refused"],
)
@pytest.mark.parametrize("user", [BOB, ALICE], ids=["done", "refused click"])
async def test_a_call_to_the_ledger_that_fails_once_costs_nothing(
    scene: Scene, function: str, trouble: Trouble, user: str
) -> None:
    """One settle, one note where one is owed, whatever failed first."""
    scene.click(user)
    scene.ledger.troubles[function].append(trouble)
    await scene.forwarded()
    assert [it["events"][0]["event_type"] for it in scene.outcomes] == [
        "deploy.approved" if user == BOB else "slack.action"
    ]
    assert len(set(scene.slack.shown)) == (0 if user == BOB else 1)


@pytest.mark.parametrize("function", ["card_for_event_v1", "service_policy_v1"])
@pytest.mark.parametrize("garbage", [7, "x", [], {}, {"card_id": 1}], ids=str)
async def test_what_the_ledger_cannot_mean_is_tried_again(scene: Scene, function: str, garbage: object) -> None:
    """Nothing is approved by it."""
    scene.click(BOB)
    scene.ledger.answers[function] = _first(garbage, scene.ledger.answers[function])
    await scene.forwarded()
    assert [it["events"][0]["event_type"] for it in scene.outcomes] == ["deploy.approved"]


SLACK_FAILS: dict[str, Answer] = {
    "refused": fixed(b'{"ok": false, "error": "missing_scope"}', JSON),
    "rate limit": fixed(b"{}", JSON, status=429, headers={"Retry-After": "1"}),
    "outage": fixed(b"", JSON, status=503),
    "proxy": fixed(b"<html>", "text/html", status=502),
    "garbage": fixed(b"\xff{", JSON),
    "empty": fixed(b"", JSON),
    "cut short": cut_short(),
}


@pytest.mark.parametrize("answer", SLACK_FAILS.values(), ids=SLACK_FAILS)
async def test_a_group_that_slack_does_not_tell_grants_nothing(scene: Scene, answer: Answer) -> None:
    """Carol is in it, but that could not be checked: refused, and the note says so."""
    scene.click(CAROL)
    scene.slack.odd = {"usergroups.users.list": [answer]}
    await scene.forwarded()
    (outcome,) = scene.outcomes
    assert (outcome["card"], outcome["hooks"]) == (None, [])
    assert ["did not say whether you may" in it for it in scene.slack.shown] == [True]


@pytest.mark.parametrize("name", ["refused", "rate limit", "outage"])
async def test_a_note_that_slack_did_not_take_is_given_later(scene: Scene, name: str) -> None:
    """By the response_url or as a message; the settle is not touched."""
    scene.click(ALICE)
    scene.slack.odd = {"response": [SLACK_FAILS[name]]}
    await scene.forwarded()
    assert (len(scene.outcomes), len(scene.slack.shown)) == (1, 1)


@pytest.mark.parametrize("name", ["proxy", "cut short"])
async def test_a_note_that_slack_may_have_shown_is_not_given_again(scene: Scene, name: str) -> None:
    """Whether it stands there is not known, and twice is worse; the ledger says so, the settle is not touched."""
    scene.click(ALICE)
    scene.slack.odd = {"response": [SLACK_FAILS[name]]}
    await scene.forwarded()
    assert (len(scene.outcomes), len(scene.slack.shown)) == (1, 0)


async def test_a_member_of_the_group_approves(scene: Scene) -> None:
    """The usual way, for comparison."""
    scene.click(CAROL)
    await scene.forwarded()
    assert [it["hooks"][0]["action"] for it in scene.outcomes] == ["deploy"]
    assert json.dumps(scene.outcomes)


def _first(garbage: object, then: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An answer that is garbage once."""
    left = [garbage]
    return lambda given: left.pop() if left else then(given)
