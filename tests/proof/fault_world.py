"""A world in which things go wrong: faults are set, met, and mended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from notify_dispatch.deliver import LEASE_SECONDS
from tests.proof.fault_slack import LATE, PATIENCE, break_socket, set_faults
from tests.proof.faults import DOUBLES, Fault
from tests.proof.seams import Point
from tests.proof.workers import DispatcherWorker, HandlerWorker, Ways, start
from tests.proof.world import World

SLEPT = (
    "update ops.deliveries set lease_until = clock_timestamp() - interval '1 ms' where claim_token = any($1)",
    "update ops.event_dispatches set lease_until = clock_timestamp() - interval '1 ms' where claim_token = any($1)",
    "update ops.slack_envelopes set lease_until = clock_timestamp() - interval '1 ms' where claim_token = any($1)",
)
REPLIES_SLEPT = "update ops.slack_envelopes set reply_due_at = clock_timestamp() where reply_status = 'due'"


@dataclass(slots=True)
class FaultyWorld(World):
    """A world whose ways out can fail. Its workers have little patience, so that who waits in vain does so shortly."""

    patience: float = PATIENCE
    set_faults: dict[str, Fault] = field(default_factory=dict)  # by their IDs in the simulator
    _hooks: list[Fault] = field(default_factory=list)
    _late: set[str] = field(default_factory=set)  # of these, those that a call has not met yet

    def begin(self, stop_at: Point | None = None, faults: Iterable[Fault] = ()) -> None:
        """A story begins, in which these faults wait for their crossings."""
        World.begin(self, stop_at)
        self.faults.begin(faults)
        self.faults.on_sleep = self.overslept
        self.faults.on_socket = partial(break_socket, self)
        self.set_faults.clear()
        self._hooks = [it for it in self.faults.waiting if it.where == "hook"]
        set_faults(self, self.faults.waiting)
        self._late = {one for one, fault in self.set_faults.items() if fault.kind == "late"}

    def struck(self) -> list[Fault]:
        """The faults that have met their crossing."""
        of_slack = [fault for one, fault in self.set_faults.items() if self.slack.faults.used(one)]
        of_hooks = self._hooks[: len(self._hooks) - len(self.deployer.script)]
        doubled = [it for it in self.faults.waiting if it.kind in DOUBLES]
        return [*self.faults.struck, *of_slack, *of_hooks, *doubled]

    async def mend(self) -> int:
        """All is well again from now on. How many calls of hooks were answered with no."""
        refused = sum(it.where == "hook" and it.kind in {"http_503", "rate_limited"} for it in self.struck())
        self.faults.waiting.clear()
        self.slack.faults.clear()
        self.deployer.script.clear()
        self.slack.sockets.settings.duplicate = "no"
        await self.connected()
        return refused

    async def quiet(self) -> None:
        """As World.quiet; and what a call that was given up may still do, is done."""
        await World.quiet(self)
        if met := {it for it in self._late if self.slack.faults.used(it)}:
            self._late -= met
            await asyncio.sleep(LATE)

    async def overslept(self, kind: str, said: Any) -> set[str]:  # noqa: ANN401  JSON
        """A worker sleeps past the leases of these claims; another of its kind does all there is to do meanwhile."""
        claims = [said, *said.get("deliveries", []), *said.get("envelopes", [])]
        tokens = {str(it["claim_token"]) for it in claims if it.get("claim_token")}
        for statement in SLEPT:
            await self.sql.execute(statement, list(tokens))
        if not tokens:
            await self.sql.execute(REPLIES_SLEPT)
        successor = start(kind, self.new_name(kind), Ways.of("successor", self.script, self.surroundings()))
        assert isinstance(successor, DispatcherWorker | HandlerWorker)
        await asyncio.wait({successor.wake()})
        while busy := [it for it in successor.tasks() if not it.done()]:
            await asyncio.wait(busy)  # a note that it sends as well: to cut it off would be a death
        await successor.end()
        self.ahead[kind] += LEASE_SECONDS + 1
        return tokens

    async def broken(self, refused: int) -> list[str]:
        """What is wrong, in words."""
        said = [f"a worker that had slept has settled: {it}" for it in self.faults.late if it["said"].get("settled")]
        return said + await self.judge.broken(refused=refused)
