"""`/pulser health`: asks every part, all at once, each with its own time limit. A part that is dead delays nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiohttp

from command_handler import canary_words
from command_handler import health_words as words
from command_handler.answer import GOOD, Answer
from command_handler.health_words import Finding
from pulser.database import Database
from pulser.errors import PulserError
from pulser.slack import SlackApi
from pulser.vault import Vault

FUNCTIONS: Final = ("notify-dispatch", "socket-relay", "action-handler", "command-handler")
_LONGEST_BODY = 100_000  # bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: for one part, and for the whole answer, whatever a part does with its limit."""

    part: float = 1.4
    whole: float = 1.7


class HealthCommand:
    """Keeps a pool of connections to the functions; `close` gives them back."""

    def __init__(self, ledger: Database, vault: Vault, slack: SlackApi, limits: Limits = Limits()) -> None:
        self._ledger = ledger
        self._vault = vault
        self._slack = slack
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        self._left: set[asyncio.Task[Finding]] = set()

    async def answer(self, now: datetime) -> Answer:
        """Never raises: what cannot be asked is told as down."""
        began = time.monotonic()
        parts: list[tuple[str, Coroutine[Any, Any, Finding]]] = [
            *((name, self._function(name)) for name in FUNCTIONS),
            ("Database", self._database()),
            ("Vault", self._of_vault()),
            ("Slack", self._of_slack()),
            ("Relay", self._state("Relay", "relay_status_v1", lambda it: words.of_relay(it, now))),
            ("Canary", self._state("Canary", "canary_status_v1", lambda it: canary_words.of_canary(it, now))),
            ("Messages", self._state("Messages", "dispatch_health_v1", words.of_dispatch)),
            ("Clicks and commands", self._state("Clicks and commands", "envelope_health_v1", words.of_envelopes)),
        ]
        tasks = [asyncio.create_task(self._limited(what, asking)) for what, asking in parts]
        await asyncio.wait(tasks, timeout=self._limits.whole)
        findings = [self._taken(what, task) for (what, _), task in zip(parts, tasks, strict=True)]
        told = [it for it in findings if it is not canary_words.OFF]
        return words.health(words.in_context(told), now, time.monotonic() - began)

    async def close(self) -> None:
        """Wait for what was given up, and close the connections. The object can be used again."""
        if self._left:
            await asyncio.wait(self._left)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _taken(self, what: str, task: asyncio.Task[Finding]) -> Finding:
        """What a part said. One that does not even end at its limit is left behind, not waited for."""
        if task.done():
            return task.result()
        task.cancel()
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        return words.unanswered(what, self._limits.whole)

    async def _limited(self, what: str, asking: Awaitable[Finding]) -> Finding:
        try:
            async with asyncio.timeout(self._limits.part):
                return await asking
        except TimeoutError:
            return words.unanswered(what, self._limits.part)
        except PulserError as error:
            return words.down(what, str(error))
        except aiohttp.ClientConnectorError:
            return words.down(what, "nothing listens at its address")
        except (aiohttp.ClientError, OSError, ValueError, LookupError, TypeError) as error:
            # ValueError and its kin: an address that is none, an answer of an unknown shape.
            return words.down(what, f"cannot be asked: {type(error).__name__}")

    async def _function(self, name: str) -> Finding:
        base = (await self._vault.read("pulser_functions_url")).get_secret_value().rstrip("/")
        began = time.monotonic()
        async with self._pool().get(f"{base}/{name}", params={"action": "health"}, allow_redirects=False) as response:
            body = _json(await response.content.read(_LONGEST_BODY))
            return words.of_function(name, response.status, body, time.monotonic() - began)

    async def _database(self) -> Finding:
        """The shortest question there is: whether services are known."""
        began = time.monotonic()
        await self._ledger.call("transport_v1")
        return Finding("Database", GOOD, words.in_ms(time.monotonic() - began))

    async def _of_vault(self) -> Finding:
        began = time.monotonic()
        await self._vault.read("slack_bot_token", anew=True)
        return Finding("Vault", GOOD, words.in_ms(time.monotonic() - began))

    async def _of_slack(self) -> Finding:
        began = time.monotonic()
        await self._slack.call("auth.test")
        return Finding("Slack", GOOD, words.in_ms(time.monotonic() - began))

    async def _state(self, _what: str, function: str, told: Callable[[Any], Finding]) -> Finding:
        return told(await self._ledger.call(function))

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # Asked now and then: a connection that was kept would be stale by then.
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
