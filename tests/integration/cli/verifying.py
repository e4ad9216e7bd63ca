"""What the tests of `pulser ledger verify` share: messages that should not be there, and deeds while it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from pulser.database import Database, JsonValue
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_cli.comparing import Report
from pulser_cli.reconciling_slack import Patience
from pulser_local.slack import SlackSimulator
from pulser_local.slack.workspace import Author, Content
from tests.integration.notify_dispatch.conftest import Bench

Deed = Callable[[], Awaitable[object]]
Deeds = Mapping[tuple[str, int], Deed]  # before the nth call of a function or method


def intrude(slack: SlackSimulator, delivery_id: str, *, channel: str = "ops-ci", author: Author | None = None) -> str:
    """A message in a channel that says it is of this delivery; its ts."""
    found = slack.workspace.find(channel)
    assert found is not None
    metadata = {"event_type": "pulser_delivery", "event_payload": {"delivery_id": delivery_id}}
    return slack.workspace.post(found.id, Content("An intruder", metadata=metadata), author=author).ts


def chat(slack: SlackSimulator, count: int, *, channel: str = "ops-ci") -> None:
    """So many messages of a person."""
    found = slack.workspace.find(channel)
    assert found is not None
    for number in range(count):
        slack.workspace.post(found.id, Content(f"message {number}"), author=Author("U0ALICE001", "alice"))


def wrong(report: Report) -> dict[str, list[str]]:
    """The deliveries that something is wrong with, by kind."""
    found = {kind: getattr(report, kind) for kind in ("missing", "foreign", "double", "unrecorded")}
    return {kind: [one.delivery_id for one in findings] for kind, findings in found.items() if findings}


class BusyLedger:
    """A ledger before whose calls something happens."""

    def __init__(self, ledger: Database, deeds: Deeds) -> None:
        self._ledger = ledger
        self._deeds = deeds
        self.calls: Counter[str] = Counter()

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """See Database.call."""
        self.calls[function] += 1
        if deed := self._deeds.get((function, self.calls[function])):
            await deed()
        return await self._ledger.call(function, arguments)

    async def close(self) -> None:
        """See Database.close."""
        await self._ledger.close()


class BusySlack(SlackApi):
    """A way to Slack before whose calls something happens."""

    def __init__(self, ledger: Database, url: str, deeds: Deeds) -> None:
        super().__init__(Vault(ledger), url)
        self._deeds = deeds
        self.calls: Counter[str] = Counter()

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  Slack's arguments are JSON
        """See SlackApi.call."""
        self.calls[method] += 1
        if deed := self._deeds.get((method, self.calls[method])):
            await deed()
        return await super().call(method, **arguments)


class Naps:
    """Takes the place of waiting, and tells how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.told: list[str] = []

    async def sleep(self, seconds: float) -> None:
        """As asyncio.sleep, at once."""
        self.seconds.append(seconds)

    def patience(self, seconds: float = 600.0) -> Patience:
        """A patience that naps."""
        return Patience(seconds, self.sleep, self.told.append)


def impatient() -> Patience:
    """Tries again at once, and tells nobody."""
    return Naps().patience()


@pytest.fixture
async def slack(bench: Bench) -> AsyncIterator[SlackApi]:
    """The way to Slack, with the token of Vault."""
    api = SlackApi(Vault(bench.ledger), bench.slack.api_url)
    yield api
    await api.close()


async def posted(bench: Bench, event_type: str = "ci.failed") -> str:
    """An event whose message is sent; its delivery's id."""
    await bench.emit(event_type)
    await bench.pass_time(2)
    await bench.drain()
    newest = (await bench.deliveries())[-1]
    assert newest["status"] == "sent"
    return str(newest["delivery_id"])


def ops_ci(bench: Bench) -> str:
    """The ID of #ops-ci."""
    found = bench.slack.workspace.find("ops-ci")
    assert found is not None
    return found.id
