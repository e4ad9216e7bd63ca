"""The SQL functions of the outbox do what the model says, whatever comes in whatever order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.integration.schema.helpers import Session, session
from tests.model.outbox import PACE, UNSURE
from tests.model.outbox_ledger import HOOKS, SPARE_S, RealOutbox
from tests.model.outbox_outcomes import OUTCOMES, described, told
from tests.model.outbox_rows import Delivery, Event, Outcome, Routing

EXAMPLES = int(os.environ.get("PULSER_MODEL_EXAMPLES", "40"))
LEASE_S = 20
CHANNELS = st.sampled_from([("#a",), ("#a",), ("#b",), ("#b", "#a", "#b"), ()])
WORKERS = st.sampled_from(["a", "b"])
MOST = st.sampled_from([1, 2, 16, 16])
Drawn = TypeVar("Drawn")


def one_of(data: st.DataObject, many: Sequence[Drawn]) -> Drawn:
    """By its place: a story that is told again has other ids."""
    return many[data.draw(st.integers(0, len(many) - 1))]


class OutboxMachine(RuleBasedStateMachine):
    """Calls in any order, by routers and workers that vanish and come back, and time that passes in between."""

    real: RealOutbox  # the test's

    def __init__(self) -> None:
        super().__init__()
        self.real.start()
        self.model = self.real.model
        self.routed: list[str] = []  # the tokens of routers, those of deliveries with what they were for
        self.claims: list[tuple[Delivery, str, str]] = []

    # -- events

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """With something to do."""
        self.arrive(data, 3)

    @rule(count=st.integers(1, 3), missed=st.sampled_from([False] * 4 + [True]))
    def append(self, count: int, *, missed: bool) -> None:
        """In one statement; now and then the trigger does not see them."""

        async def insert(db: Session) -> list[str]:
            await db.run("set local session_replication_role = replica" if missed else "select 1")
            return await db.column(
                "insert into ops.platform_events (event_type) select 'ci.failed' from generate_series(1, $1) "
                "returning event_id",
                count,
            )

        self.model.events += [Event(it, noted=not missed) for it in self.real.do(insert)]

    @precondition(lambda self: any(not it.noted for it in self.model.events))
    @rule()
    def reconcile(self) -> None:
        assert self.real.call("reconcile_events_v1") == self.model.reconcile()

    @precondition(lambda self: self.model.events)
    @rule(worker=WORKERS, most=st.sampled_from([1, 2, 100]))
    def claim_events(self, worker: str, most: int) -> None:
        answer = self.real.call("claim_events_v1", worker=worker, max_events=most, lease_seconds=LEASE_S)
        expected = self.model.claim_events(most)
        assert (answer["claim_token"] is None) == (expected is None)
        assert [it["event_id"] for it in answer["events"]] == [it.event_id for it in expected or []]
        for it in expected or []:
            it.token, it.lease_until = answer["claim_token"], self.model.after(LEASE_S)
        if expected:
            self.routed.append(answer["claim_token"])

    @precondition(lambda self: self.routed)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        """What a router had claimed, or some of it; by now another may have taken it over."""
        token = one_of(data, self.routed[-2:])
        named = [it for it in self.model.events if it.event_id and it.token in (token, self.routed[-1])]
        if named and not data.draw(st.integers(0, 4)):
            del named[0]  # this one it does not tell of
        routings = [self._routing(data, it) for it in named]
        answer = self.real.call("record_deliveries_v1", claim_token=token, routings=[described(it) for it in routings])
        assert answer == {"settled": self.model.record(token, routings)}

    def _routing(self, data: st.DataObject, event: Event) -> Routing:
        has_card, is_about = data.draw(st.sampled_from([(True, False), (True, False), (False, False), (False, True)]))
        about = one_of(data, list(self.model.cards)) if is_about and self.model.cards else None
        return Routing(event, data.draw(CHANNELS), has_card=has_card, about=about)

    @rule(data=st.data(), count=st.integers(1, 3))
    def arrive(self, data: st.DataObject, count: int) -> None:
        """As most do: appended, and routed at once."""
        self.append(count, missed=False)
        self.claim_events("a", 100)
        if self.routed:
            self.record(data)

    # -- deliveries

    @precondition(lambda self: self.model.deliveries)
    @rule(worker=WORKERS, most=MOST)
    def claim(self, worker: str, most: int) -> None:
        self._claim(worker, most)

    def _claim(self, worker: str, most: int) -> list[Delivery]:
        answer = self.real.call("claim_deliveries_v1", worker=worker, max_deliveries=most, lease_seconds=LEASE_S)
        last_posts = {it.name: it.last_post for it in self.model.channels.values()}
        claimed = self.model.claim(most, worker, LEASE_S)
        self.real.name_what_is_new()  # a call that was lost changed its card, and the update of that may be due already
        claimed.sort(key=self.model.deliveries.index)
        assert [it["delivery_id"] for it in answer["deliveries"]] == [it.delivery_id for it in claimed]
        for said, it in zip(answer["deliveries"], claimed, strict=True):
            self._claimed(said, it)
            if it.purpose == "post":
                assert self.model.now >= last_posts[it.channel] + PACE - UNSURE, "two messages in a second"
        self._check_when_more(answer["next_due_in_s"], full=len(claimed) == most)
        return claimed

    def _claimed(self, said: dict[str, Any], it: Delivery) -> None:
        assert said["claim_token"] not in [token for _, token, _ in self.claims], "an old token would do"
        it.token = said["claim_token"]
        assert it.token is not None
        self.claims.append((it, it.token, it.purpose))
        channel = self.model.channels.get(it.channel)
        expected = {
            "purpose": it.purpose,
            "attempt": it.attempts,
            "last_reason": it.reason,
            "given_up": self.model.given_up(it),
            "slack_channel_id": f"C-{it.channel}" if it.target else channel and channel.slack_id,
        }
        assert {name: said[name] for name in expected} == expected

    def _check_when_more(self, said: float | None, *, full: bool) -> None:
        at = self.model.next_due()
        assert (said is None) == (at is None)
        if said is not None and at is not None:
            assert said == pytest.approx(max(0, at - self.model.now), abs=SPARE_S)
            assert full or at > self.model.now, "something is due, and was not claimed"

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """What somebody has, or now and then what he had; the claims may have passed to others."""
        held = [it for it in self.claims if it[0].token == it[1]]
        old = not held or data.draw(st.integers(0, 9)) == 9
        claim = one_of(data, self.claims if old else held)
        self._settle(claim, one_of(data, OUTCOMES[claim[2]]))

    def _settle(self, claim: tuple[Delivery, str, str], outcome: Outcome) -> None:
        it, token, _ = claim
        if outcome.card_version is not None:
            newest = self.model.cards.get(it.target.event if it.target else it.event, 0)
            outcome = replace(outcome, card_version=max(0, newest + outcome.card_version))
        answer = self.real.call(
            "settle_delivery_v1", delivery_id=it.delivery_id, claim_token=token, outcome=told(it, outcome)
        )
        status = self.model.settle(it, token, outcome)
        assert answer == ({"settled": False} if status is None else {"settled": True, "status": status})

    @rule(data=st.data(), worker=WORKERS)
    def work(self, data: st.DataObject, worker: str) -> None:
        """As most do: claim, and settle it; some of it takes longer."""
        if self.model.deliveries:
            self.model.now += data.draw(st.sampled_from([0, PACE, 15]))
            self._claim(worker, 16)
            for claim in [it for it in self.claims if it[0].token == it[1]]:
                outcome = one_of(data, (*OUTCOMES[claim[2]], None, None))
                if outcome:
                    self._settle(claim, outcome)

    @precondition(lambda self: any(it.kind == "post" and it.waits for it in self.model.deliveries))
    @rule(times=st.integers(1, 7), late=st.booleans())
    def slack_fails_with_it(self, times: int, *, late: bool) -> None:
        """Again and again a post is in doubt, and then is not there; for a day, perhaps."""
        for _ in range(times):
            self.model.now += 15
            for claim in [(it, it.token or "", it.purpose) for it in self._claim("a", 16)]:
                self._settle(claim, OUTCOMES[claim[2]][5 if claim[2] == "post" else 1])
        self.model.now += 90_000 if late else 0

    @precondition(lambda self: any(it.token for it in self.model.deliveries))
    @rule(late=st.sampled_from([0, 0, 1000]))
    def workers_vanish(self, late: float) -> None:
        """All that have something, and others take over."""
        self.model.now = max(it.lease_until or 0 for it in self.model.deliveries) + late
        self._claim("b", 16)

    @precondition(lambda self: self.model.deliveries)
    @rule(data=st.data(), soon=st.booleans())
    def retry(self, data: st.DataObject, *, soon: bool) -> None:
        """A person asks for another try, and a worker may come for it at once."""
        ended = [
            it for it in self.model.deliveries if it.kind == "post" and it.status in ("dead", "failed", "in_doubt")
        ]
        it = one_of(data, self.model.deliveries if not ended or data.draw(st.integers(0, 9)) == 9 else ended)
        answer = self.real.call("retry_delivery_v1", delivery_id=it.delivery_id, actor="ada")
        assert (answer["retried"], answer["status"], answer["reason"]) == self.model.retry(it)
        if soon:
            self.model.now += PACE
            self._claim("b", 16)

    # -- cards

    @precondition(lambda self: self.model.cards)
    @rule(data=st.data(), behind=st.sampled_from([0, 0, 0, 1]))
    def change(self, data: st.DataObject, behind: int) -> None:
        """A person presses a button."""
        card = one_of(data, list(self.model.cards))
        seen = max(0, self.model.cards[card] - behind)
        change = {"card_id": card.event_id, "version": seen, "kind": "alert", "phase": "acknowledged", "state": {}}
        assert self.real.call("change_card_v1", change=change) == self.model.change(card, seen)

    @precondition(lambda self: self.model.cards)
    @rule(data=st.data(), service=st.sampled_from(sorted(HOOKS)), times=st.integers(1, 2))
    def call_hook(self, data: st.DataObject, service: str, times: int) -> None:
        card = one_of(data, list(self.model.cards))
        for _ in range(times):
            self.real.call("queue_hook_v1", card_id=card.event_id, call={"service": service, "action": "deploy"})
            self.model.call_hook(card, service, github=service == "api")

    # -- swept

    @precondition(lambda self: self.model.events)
    @rule()
    def rest(self) -> None:
        assert self.real.call("rest_v1") == {"work_is_due": self.model.work_is_due()}

    @precondition(lambda self: self.model.deliveries)
    @rule()
    def sweep(self) -> None:
        """With a doorbell that nobody has promised to answer."""

        async def sweep(db: Session) -> Any:  # noqa: ANN401
            await db.doorbell_is_quiet_for(-1)
            return await db.call("sweep_v1")

        rang = self.real.do(sweep)
        self.model.expire()
        assert rang == self.model.work_is_due()

    @precondition(lambda self: self.model.events)
    @rule(seconds=st.sampled_from([PACE, 12, LEASE_S + 1, 70, 1000, 90_000]))
    def time_passes(self, seconds: float) -> None:
        self.model.now += seconds

    @precondition(lambda self: self.model.events)
    @rule(before=st.booleans())
    def time_passes_until_something_is_due(self, *, before: bool) -> None:
        """Or until just before it is."""
        coming = [it for it in self.model.instants() if it > self.model.now + 1.1 * SPARE_S]
        if coming:
            self.model.now = min(coming) - (1.1 * SPARE_S if before else 0)

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        self.real.check()

    def teardown(self) -> None:
        """Nothing waits for ever: with a Slack that answers, all that is open ends."""
        while self.real.agrees and any(it.is_open or it.status == "in_doubt" for it in self.model.deliveries):
            due = self.model.next_due()
            assert due is not None, "nobody will ever come for what is open"
            self.model.now = max(self.model.now, due)
            for it in self._claim("last", 16):
                self._settle((it, it.token or "", it.purpose), OUTCOMES[it.purpose][0])
            self.real.check()


@pytest.fixture
def real(database_url: str) -> Iterator[RealOutbox]:
    """The outbox in a database of this test's own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = runner.run(stack.enter_async_context(session(database_url)))
        yield RealOutbox(runner, opened)
        runner.run(stack.aclose())


@pytest.mark.timeout(600 + EXAMPLES)  # a failure is made small before it is shown
def test_the_functions_of_the_outbox_do_what_the_model_says(real: RealOutbox) -> None:
    """After each step of any story the database equals the model and keeps the invariants."""
    machine = type("Machine", (OutboxMachine,), {"real": real})
    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=40))
