from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from command_handler.answer import Answer
from command_handler.health import FUNCTIONS, HealthCommand, Limits
from pulser.errors import DatabaseUnavailable, SlackTokenRefused
from pulser.vault import Vault
from tests.unit.command_handler.answers import lines, problems
from tests.unit.command_handler.fakes import FakeLedger, FakeSlack
from tests.unit.command_handler.test_health_words import CALM, QUIET, UP

SHORT = Limits(part=0.2, whole=0.4)
PARTS = [*FUNCTIONS, "Database", "Vault", "Slack", "Relay", "Messages", "Clicks and commands"]
NO_CANARY = {"channel": None}


class Functions:
    """The functions of a project: each is well, unless `said` has another answer for it (None: it never answers)."""

    def __init__(self) -> None:
        self.said: dict[str, web.Response | None] = {}
        self.asked: list[str] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        name = request.path.rpartition("/")[2]
        well = web.json_response({"ok": True, "function": name, "version": "1", "checks": {}})
        said = self.said.get(name, well)
        if said is None:
            await asyncio.Event().wait()
        return said or well


@pytest.fixture
async def functions() -> AsyncIterator[Functions]:
    made = Functions()
    app = web.Application()
    app.router.add_get("/functions/v1/{name}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/functions/v1"
    yield made
    await runner.cleanup()


def ledger_of(functions: Functions, **answers: object) -> FakeLedger:
    well: dict[str, Any] = {"transport_v1": "socket", "relay_status_v1": UP, "dispatch_health_v1": QUIET}
    ledger = FakeLedger(**{**well, "envelope_health_v1": CALM, "canary_status_v1": NO_CANARY, **answers})
    ledger.secrets["pulser_functions_url"] = functions.url
    return ledger


async def ask(ledger: FakeLedger, slack: FakeSlack | None = None) -> Answer:
    command = HealthCommand(ledger, Vault(ledger), slack or FakeSlack(), SHORT)
    try:
        said = await command.answer(datetime.now(UTC))
    finally:
        await command.close()
    assert problems(said) == []
    return said


def parts_of(said: Answer) -> dict[str, str]:
    """By name, the sign and the words of each part."""
    told = [line.partition("*: ") for line in lines(said)[1:-1]]
    return {head[head.index("*") + 1 :]: f"{head[0]} {words}" for head, _, words in told}


async def test_every_part_is_asked(functions: Functions) -> None:
    """The four functions by their health, and what they stand on."""
    said = await ask(ledger_of(functions))
    assert lines(said)[0] == "🟢 pulser is well"
    assert list(parts_of(said)) == PARTS
    assert sorted(functions.asked) == sorted(f"/functions/v1/{it}?action=health" for it in FUNCTIONS)


async def test_a_canary_that_is_on_is_told_with_the_others(functions: Functions) -> None:
    """One that does not come back is the worst of all."""
    deaf = {"channel": "C1", "every_s": 300, "deaf_since": "2026-03-01T10:05:00+00:00", "heard": None, "last": None}
    said = await ask(ledger_of(functions, canary_status_v1=deaf))
    assert lines(said)[0] == "🔴 1 of 11 needs attention: Canary"


async def test_a_function_that_says_nothing_delays_nothing(functions: Functions) -> None:
    """Its line says so, all others have their own."""
    functions.said["action-handler"] = None
    parts = parts_of(await ask(ledger_of(functions)))
    assert parts.pop("action-handler") == "🔴 no answer within 0.2 s"
    assert {words[0] for words in parts.values()} == {"🟢"}


async def test_a_function_that_is_not_well_says_why(functions: Functions) -> None:
    """The words of the check that failed."""
    checks = {"vault": {"ok": False, "message": "the secret slack_app_token is not in Vault"}}
    functions.said["notify-dispatch"] = web.json_response({"ok": False, "checks": checks}, status=503)
    parts = parts_of(await ask(ledger_of(functions)))
    assert parts["notify-dispatch"] == "🔴 vault: the secret slack_app_token is not in Vault"


async def test_what_is_not_a_function_is_told(functions: Functions) -> None:
    """A page of some gateway, and a redirect to somewhere, are no health."""
    functions.said["action-handler"] = web.Response(text="<h1>502</h1>", status=502)
    functions.said["notify-dispatch"] = web.Response(status=302, headers={"Location": "/functions/v1/socket-relay"})
    parts = parts_of(await ask(ledger_of(functions)))
    assert parts["action-handler"] == "🔴 does not answer as a function of pulser does: HTTP 502"
    assert parts["notify-dispatch"] == "🔴 does not answer as a function of pulser does: HTTP 302"


async def test_a_dead_address_is_told() -> None:
    """Where nothing listens, that is said, and the rest is asked all the same."""
    nowhere = Functions()
    nowhere.url = "http://127.0.0.1:1/functions/v1"
    parts = parts_of(await ask(ledger_of(nowhere)))
    assert {parts[it] for it in FUNCTIONS if it != "socket-relay"} == {"🔴 nothing listens at its address"}
    assert parts["socket-relay"] == "🟠 nothing listens at its address; the relay is well without it"
    assert parts["Database"].startswith("🟢")


@pytest.mark.parametrize("url", ["not an address", "ftp://x", "http://[::1"])
async def test_an_address_that_is_none_is_told(functions: Functions, url: str) -> None:
    """A wrong pulser_functions_url is a finding, not an error of the command."""
    functions.url = url
    parts = parts_of(await ask(ledger_of(functions)))
    assert {parts[it][0] for it in FUNCTIONS} == {"🔴", "🟠"}


async def test_without_the_functions_address_that_is_said(functions: Functions) -> None:
    """What is missing in Vault is named."""
    ledger = ledger_of(functions)
    del ledger.secrets["pulser_functions_url"]
    parts = parts_of(await ask(ledger))
    assert all("the secret pulser_functions_url is not in Vault" in parts[it] for it in FUNCTIONS)


async def test_a_database_that_says_nothing_delays_nothing(functions: Functions) -> None:
    """Each part that needs it says so; Slack is asked all the same."""
    silent = asyncio.Event()
    names = ("transport_v1", "relay_status_v1", "dispatch_health_v1", "envelope_health_v1", "read_secret_v1")
    parts = parts_of(await ask(ledger_of(functions, **dict.fromkeys((*names, "canary_status_v1"), silent))))
    assert parts["Database"] == "🔴 no answer within 0.2 s"
    assert {name for name, words in parts.items() if words[0] == "🟢"} == {"Slack"}


async def test_a_broken_database_is_told_in_its_words(functions: Functions) -> None:
    """Each part has its own reason."""
    trouble = DatabaseUnavailable("the database does not answer: ConnectionRefusedError")
    parts = parts_of(await ask(ledger_of(functions, relay_status_v1=trouble)))
    assert parts["Relay"] == "🔴 the database does not answer: ConnectionRefusedError"


async def test_an_odd_state_is_told(functions: Functions) -> None:
    """A ledger of another version is no reason for no answer."""
    parts = parts_of(await ask(ledger_of(functions, relay_status_v1={}, dispatch_health_v1=None)))
    assert parts["Relay"] == "🔴 cannot be asked: KeyError"
    assert parts["Messages"] == "🔴 cannot be asked: TypeError"


async def test_a_refused_token_is_told(functions: Functions) -> None:
    """Slack's own word for it."""
    slack = FakeSlack(auth_test=SlackTokenRefused("invalid_auth", "Slack answered invalid_auth"))
    parts = parts_of(await ask(ledger_of(functions), slack))
    assert parts["Slack"] == "🔴 Slack answered invalid_auth"


class Deaf(FakeLedger):
    """A ledger that does not even give up when it is told to."""

    def __init__(self, **answers: object) -> None:
        super().__init__(**answers)
        self.released = asyncio.Event()

    async def call(self, function: str, arguments: Any = None) -> Any:  # noqa: ANN401  as Database.call
        """Holds on to the question about the relay until it is released."""
        if function != "relay_status_v1":
            return await super().call(function, arguments)
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue
        return UP


async def test_a_part_that_does_not_end_at_its_limit_is_left_behind(functions: Functions) -> None:
    """The whole has a limit of its own."""
    ledger = Deaf(**ledger_of(functions).answers)
    ledger.secrets["pulser_functions_url"] = functions.url
    command = HealthCommand(ledger, Vault(ledger), FakeSlack(), SHORT)
    said = await command.answer(datetime.now(UTC))
    ledger.released.set()
    await command.close()
    assert parts_of(said)["Relay"] == "🔴 no answer within 0.4 s"
