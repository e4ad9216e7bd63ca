"""Two calls that overlap: what comes of them must be what comes of one after the other, in either order.

A stage says what stands in the ledger before, a move calls one function. The first of two moves is played in three
ways: it has not committed when the second comes, and then commits, or rolls back; or it is stopped before one of its
writes, and goes on when the second has ended or waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.integration.schema.helpers import Session, is_waiting

Scene = dict[str, str]  # name → id, of what a stage has made or its moves will make
GATE = 4711
# Before each write to a table, a session that has `pause.at` counts it, and at that number waits for the gate. That may
# be long on a loaded machine: what a function does when it has waited too long for a lock is tested where it belongs.
PAUSES = """
create schema pause;
create function pause.pause() returns trigger language plpgsql as $$
declare
    writes integer;
begin
    if coalesce(current_setting('pause.at', true), '') <> '' then
        writes := current_setting('pause.writes')::integer + 1;
        perform set_config('pause.writes', writes::text, false);
        if writes = current_setting('pause.at')::integer then
            perform pg_advisory_lock_shared(4711);
            perform pg_advisory_unlock_shared(4711);
        end if;
    end if;
    return case tg_op when 'DELETE' then old else new end;
end;
$$;
do $$
declare
    name text;
begin
    for name in select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind = 'r' loop
        execute format(
            'create trigger pause before insert or update or delete on ops.%I '
            'for each row execute function pause.pause()', name
        );
    end loop;
    for name in
        select p.oid::regprocedure from pg_proc p
        where p.pronamespace = 'ops'::regnamespace and p.proconfig::text like '%lock_timeout=%'
    loop
        execute format('alter function %s set lock_timeout = 0', name);
    end loop;
end;
$$;
"""
# What differs from one time to the next, or is only about time.
FLEETING = {"claim_token", "now", "age_s", "retry_in_s", "received_at", "wait_s", "event_ids", "event", "state_at"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands there before, and a query for what stands there afterwards (without times and tokens).

    about: one of the two is this move; for all others the stage shows nothing that another does not.
    """

    name: str
    prepare: Callable[[Session], Awaitable[Scene]]
    state: str
    about: str | None = None

    def has(self, first: Move, second: Move) -> bool:
        """Whether both have something to do here."""
        both = self.name in first.stages and self.name in second.stages
        return both and self.about in (None, first.name, second.name)


@dataclass(frozen=True, slots=True)
class Move:
    """A call. again: it passes over what another has locked, so only what it has done after another call counts."""

    name: str
    function: str
    call: Callable[[Session, Scene, str], Awaitable[Any]]
    stages: tuple[str, ...]
    again: bool = False


@dataclass(slots=True)
class Outcome:
    """What the moves answered and left, and which invariants are broken."""

    answers: dict[str, Any] = field(default_factory=dict)
    state: Any = None


@dataclass(frozen=True, slots=True)
class Theatre:
    """A stage and two moves on two connections; a third watches who waits."""

    one: Session
    two: Session
    watcher: Session
    stage: Stage
    first: Move
    second: Move

    async def in_turn(self, *roles: str) -> Outcome:
        """One call after the other."""
        scene = await self.stage.prepare(self.watcher)
        outcome = Outcome()
        for role in roles:
            outcome.answers[role] = await self._call(role, scene)
        return await self._end(scene, outcome)

    async def overlapping(self, *, commits: bool) -> Outcome:
        """The second comes while the first has not committed."""
        scene = await self.stage.prepare(self.watcher)
        transaction = self.one.connection.transaction()
        await transaction.start()
        outcome = Outcome({"first": await self._call("first", scene)})
        second = asyncio.create_task(self._call("second", scene))
        await self._ended_or_waits(second, self.two)
        await (transaction.commit() if commits else transaction.rollback())
        outcome.answers["second"] = await second
        if not commits:
            del outcome.answers["first"]
        return await self._end(scene, outcome)

    async def stopped(self, at: int) -> Outcome | None:
        """The second comes just before that write of the first; None when it does not write so often."""
        scene = await self.stage.prepare(self.watcher)
        await self.watcher.value("select pg_advisory_lock($1)", GATE)
        await self.one.run(f"set pause.writes = 0; set pause.at = {at}")
        first = asyncio.create_task(self._call("first", scene))
        stops = await self._ended_or_waits(first, self.one)
        second = asyncio.create_task(self._call("second", scene)) if stops else None
        if second:
            await self._ended_or_waits(second, self.two)
        await self.watcher.value("select pg_advisory_unlock($1)", GATE)
        results = await asyncio.gather(*filter(None, (first, second)), return_exceptions=True)
        await self.one.run("set pause.at = ''")
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return await self._end(scene, Outcome(dict(zip(("first", "second"), results, strict=True)))) if stops else None

    async def _ended_or_waits(self, task: asyncio.Task[Any], session: Session) -> bool:
        """Whether it waits for a lock."""
        async with asyncio.timeout(20):
            while not task.done():
                if await is_waiting(self.watcher, session):
                    return True
        return False

    def _call(self, role: str, scene: Scene) -> Coroutine[Any, Any, Any]:
        move, session = (self.first, self.one) if role == "first" else (self.second, self.two)

        async def called() -> Any:  # noqa: ANN401  # any JSON value
            return _lasting(await move.call(session, scene, role), {made: name for name, made in scene.items()})

        return called()

    async def _end(self, scene: Scene, outcome: Outcome) -> Outcome:
        for role, move in (("first", self.first), ("second", self.second)):
            if move.again and role in outcome.answers:
                await self._call(role, scene)
                del outcome.answers[role]
        state = await self.watcher.value(self.stage.state)
        outcome.state = _lasting(state, {made: name for name, made in scene.items()})
        return outcome


def _lasting(value: Any, names: dict[str, str]) -> Any:  # noqa: ANN401
    """The value without what is fleeting; an id has the name that the scene gives it."""
    match value:
        case dict():
            return {names.get(it, it): _lasting(of, names) for it, of in value.items() if it not in FLEETING}
        case list():
            return [_lasting(it, names) for it in value]
        case str():
            return names.get(value, value)
    return value


async def check_overlaps(theatre: Theatre, broken: Callable[[], Awaitable[list[str]]]) -> int:
    """Plays all overlaps of the two moves; how many."""
    orders = [await theatre.in_turn("first", "second"), await theatre.in_turn("second", "first")]
    alone = [await theatre.in_turn("second")]
    # What passes over locked rows may come after the other call for some of them, and before it for the rest.
    parted = theatre.first.again or theatre.second.again

    async def check(outcome: Outcome, allowed: list[Outcome]) -> None:
        mixed = {at: [_parts(it).get(at) for it in allowed] for at in _parts(outcome)}
        odd = {at: (it, mixed[at]) for at, it in _parts(outcome).items() if it not in mixed[at]}
        assert odd == {}, f"part: (found, allowed): {odd}"
        if not parted:
            assert outcome in allowed
        assert await broken() == []

    await check(await theatre.overlapping(commits=True), orders)
    await check(await theatre.overlapping(commits=False), alone)
    stops = 0
    while (outcome := await theatre.stopped(stops + 1)) is not None:
        await check(outcome, orders)
        stops += 1
    return stops


def _parts(outcome: Outcome) -> dict[str, Any]:
    """What is said of each row alone."""
    parts: dict[str, Any] = {}
    for role, answer in outcome.answers.items():
        said = answer.get("recorded") if isinstance(answer, dict) else None
        parts |= {f"{role} {at}": it for at, it in enumerate(said or [answer])}
    for kind, of in outcome.state.items():
        parts |= {f"{kind} {name}": it for name, it in of.items()} if isinstance(of, dict) else {kind: of}
    return parts
