"""The workers of one world, in this process: of their kind's own parts, whose ways out lead through a gate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from action_handler.handle import BUTTON_KEY, Actions
from action_handler.zones import Zones
from command_handler.handle import CommandHandler
from notify_dispatch.claimed import ClaimedDelivery
from notify_dispatch.deliver import LEASE_SECONDS, Deliverer
from notify_dispatch.dispatch import Dispatcher, Waker
from notify_dispatch.hook import HookCaller
from pulser.groups import Groups
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.slack import REQUEST_TIMEOUT
from pulser.vault import Vault
from socket_relay.relay import Parts, Relay, Times
from tests.integration.socket_relay.conftest import PACE, TIMING
from tests.proof.fault_database import FaultyDatabase, TroubledDatabase
from tests.proof.faults import Faults
from tests.proof.seams import Gate, Script
from tests.proof.traced import (
    TracedDatabase,
    TracedForwarder,
    TracedHooks,
    TracedReplies,
    TracedSeat,
    TracedSlack,
)

HANDLERS = ("action-handler", "command-handler")
KINDS = ("dispatcher", "relay", *HANDLERS)
ACK = 1.0  # seconds that the simulated Slack waits for an ack, instead of three
_PACE = replace(PACE, ack_within=0.8, late_answer=1.0, heartbeat=0.2, stop_limit=0.2, probe=0.2)
_TIMING = replace(TIMING, ack=0.8, answer=0.7)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the ledger, Slack's and GitHub's APIs are, and what can go wrong on the way there.

    `patience`: seconds that a call may take. `clock`: a worker's time, by its kind: it jumps when the worker sleeps.
    """

    database: str
    slack: str
    github: str
    faults: Faults = field(default_factory=Faults)
    patience: float = REQUEST_TIMEOUT
    clock: Callable[[str], float] = lambda _kind: time.monotonic()


@dataclass(slots=True)
class Ways:
    """The ways out of one worker: the ledger, Vault, Slack, private answers."""

    gate: Gate
    ledger: TracedDatabase
    vault: Vault
    to: Surroundings

    @classmethod
    def of(cls, worker: str, script: Script, to: Surroundings) -> Ways:
        """Fresh ones: nothing is open, nothing remembered."""
        gate, real = Gate(worker, script), FaultyDatabase(to.database, worker, to.faults)
        ledger = TracedDatabase(TroubledDatabase(real, worker, to.faults), gate)
        return cls(gate, ledger, Vault(ledger), to)

    def slack(self, token_name: str = "slack_bot_token") -> TracedSlack:
        """The Web API."""
        made = TracedSlack(self.vault, self.to.slack, timeout=self.to.patience, token_name=token_name)
        made.gate = self.gate
        return made

    def replies(self, slack: TracedSlack) -> TracedReplies:
        """Private answers."""
        made = TracedReplies(slack, timeout=self.to.patience)
        made.gate = self.gate
        return made


class Worker:
    """One worker of a kind. `name` is the ledger's word for it."""

    def __init__(self, kind: str, name: str, ways: Ways) -> None:
        self.kind = kind
        self.name = name
        self.gate = ways.gate
        self._ways = ways

    def tasks(self) -> Iterable[asyncio.Task[Any]]:
        """What it has in hand, or runs for ever."""
        raise NotImplementedError

    async def close(self) -> None:
        """Give the pools back."""
        raise NotImplementedError

    async def end(self) -> None:
        """Nothing of it runs any more. Of a dead one nothing gets out meanwhile."""
        while pending := [it for it in self.tasks() if not it.done()]:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=0.02)
        await self.gate.empty()
        await self.close()
        await self._ways.ledger.close()


class SleepingDeliverer(Deliverer):
    """A deliverer to which a claim that was slept over is as old as it would be."""

    __slots__ = ("faults",)
    faults: Faults

    async def deliver(self, delivery: ClaimedDelivery, *, claimed_at: float) -> None:
        """As Deliverer.deliver."""
        slept = LEASE_SECONDS + 1 if delivery.claim_token in self.faults.slept else 0
        await super().deliver(delivery, claimed_at=claimed_at - slept)


class DispatcherWorker(Worker):
    """notify-dispatch."""

    def __init__(self, name: str, ways: Ways) -> None:
        super().__init__("dispatcher", name, ways)
        self._slack = ways.slack()
        self._hooks = HookCaller(ways.vault, ways.to.github, timeout=ways.to.patience, transport=TracedHooks(ways.gate))
        deliverer = SleepingDeliverer(ways.ledger, ways.vault, self._slack, self._hooks)
        object.__setattr__(deliverer, "faults", ways.to.faults)
        self._dispatcher = Dispatcher(ways.ledger, deliverer, name, 20.0, linger=0.0)
        self._waker = Waker(self._dispatcher)

    def wake(self) -> asyncio.Task[None]:
        """As a ring does."""
        return self._waker.wake()

    def tire(self) -> None:
        """Its time is up from now on."""
        self._dispatcher.drain_seconds = 0.0

    def tasks(self) -> Iterable[asyncio.Task[Any]]:
        """As Worker.tasks."""
        return [*self._dispatcher._running, *([self._waker._task] if self._waker._task else [])]

    async def close(self) -> None:
        """As Worker.close."""
        await self._slack.close()
        await self._hooks.close()


class HandlerWorker(Worker):
    """action-handler or command-handler."""

    def __init__(self, kind: str, name: str, ways: Ways) -> None:
        super().__init__(kind, name, ways)
        self._slack = ways.slack()
        ledger, vault = ways.ledger, ways.vault
        if kind == "action-handler":
            groups = Groups(self._slack, clock=partial(ways.to.clock, kind))
            actions = Actions(ledger, vault, groups, Zones(self._slack))
            checks = lambda: handler_checks(ledger, vault, BUTTON_KEY)  # noqa: E731
            self.service = HandlerService(kind, ledger, vault, self._slack, actions, checks)
        else:
            commands = CommandHandler(ledger, vault, self._slack)
            self.service = HandlerService(
                kind, ledger, vault, self._slack, commands, lambda: handler_checks(ledger, vault)
            )
        self._replies = self.service._replies = self.service._work.replies = ways.replies(self._slack)
        self.service._work.worker = name
        self.service._work.clock = partial(ways.to.clock, kind)

    def wake(self) -> asyncio.Task[None]:
        """As the sweep does."""
        return self.service._drainer.wake()

    def tasks(self) -> Iterable[asyncio.Task[Any]]:
        """As Worker.tasks."""
        return list(self.service._work._tasks)

    async def close(self) -> None:
        """As Worker.close."""
        await self._replies.close()
        await self._slack.close()


class RelayWorker(Worker):
    """socket-relay, which runs from now on."""

    def __init__(self, name: str, ways: Ways) -> None:
        super().__init__("relay", name, ways)
        slack = ways.slack()
        forwarder = TracedForwarder(ways.vault, _PACE)
        forwarder.gate = ways.gate
        self._parts = Parts(ways.ledger, slack, ways.slack("slack_app_token"), forwarder)
        self.relay = Relay(self._parts, name, Times(_PACE, _TIMING, jitter=lambda: 0.05))
        self.relay._seats = [self._seat(it.stagger) for it in self.relay._seats]
        self._running = asyncio.create_task(self.relay.run())

    def _seat(self, stagger: float) -> TracedSeat:
        made = TracedSeat(self.relay._seats[0].tools, stagger)
        made.gate = self.gate
        return made

    async def retire(self) -> None:
        """As at SIGTERM, with nobody who takes its place yet; it may die of it."""
        self.relay.stop()
        dying = asyncio.create_task(self.gate.stopped.wait())
        await asyncio.wait({self._running, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()

    @property
    def live(self) -> int:
        """How many of its connections are up."""
        return len(list(self.relay.roster.alive()))

    def tasks(self) -> Iterable[asyncio.Task[Any]]:
        """As Worker.tasks."""
        return [self._running, *self.in_hand]

    @property
    def in_hand(self) -> list[asyncio.Task[Any]]:
        """What it does with envelopes."""
        return list(self.relay._answers._tasks)

    async def close(self) -> None:
        """As Worker.close."""
        await self._parts.close()


def start(kind: str, name: str, ways: Ways) -> Worker:
    """A worker of a kind."""
    match kind:
        case "dispatcher":
            return DispatcherWorker(name, ways)
        case "relay":
            return RelayWorker(name, ways)
        case _:
            return HandlerWorker(kind, name, ways)
