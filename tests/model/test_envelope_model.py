"""The SQL functions of the envelopes do what the model says, whatever comes in whatever order."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.integration.schema.acting import RESPONSE_URL, TEAM
from tests.integration.schema.helpers import session
from tests.model.envelope import KEPT_FOR, MOST_ATTEMPTS, Card, Envelope, Outcome, Sent
from tests.model.envelope_ledger import SERVICES, SPARE_S, RealLedger

EXAMPLES = int(os.environ.get("PULSER_MODEL_EXAMPLES", "120"))
LEASE_S = 30
ALERTS = tuple(f"00000000-0000-4000-8000-00000000000{number}" for number in range(2))
HANDLERS = ("action-handler", "command-handler")
TYPES = ("interactive", "slash_commands", "events_api")
NUMBERS = st.integers(0, 19)
GROUPS = st.lists(NUMBERS, min_size=1, max_size=4)
AGES = st.sampled_from([0.0] * 6 + [60.0, 1560.0, 1860.0, KEPT_FOR + 60])
WORKERS = st.sampled_from(["a", "b"])
ERRORS = st.sampled_from(["it broke", "Slack said no"])
TROUBLES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"error": ERRORS},
    optional={"in_doubt": st.booleans(), "nothing_done": st.booleans(), "retry_in_s": st.sampled_from([5, 60, 1200])},
)


class EnvelopeMachine(RuleBasedStateMachine):
    """Calls in any order, by relays that repeat and handlers that vanish, and time that passes in between."""

    real: RealLedger  # the test's

    def __init__(self) -> None:
        super().__init__()
        self.real.start()
        self.model = self.real.model
        self.model.cards = {it: Card("open") for it in ALERTS}
        self.real.know(ALERTS)
        self.tokens: list[str] = []
        self.recorded = 0
        self.pruned: Counter[int] = Counter()

    def envelope_id(self, number: int) -> str:
        """What was pruned does not come again, but another may."""
        return f"e{number:02}-{self.pruned[number]}"

    def make(self, number: int, age: float, refused: str | None = None) -> Sent:
        """A number is the same click as the one ten below; eight has no key, nine no handler. No two are of one age."""
        self.recorded += 1
        kind = TYPES[number % 10 % len(TYPES)]
        handler = None if number % 10 == 9 else HANDLERS[kind != "interactive"]
        key = None if number % 10 == 8 else f"k{number % 10}"
        received = self.model.now - age - self.recorded * 1e-3
        return Sent(self.envelope_id(number), kind, received, handler, key, refused)

    def held(self) -> list[str]:
        return [it.token for it in self.model.rows.values() if it.token is not None]

    # -- recorded

    @rule(
        numbers=st.lists(NUMBERS, min_size=1, max_size=4), age=AGES, refused=st.sampled_from([None] * 5 + ["not ours"])
    )
    def record(self, numbers: list[int], age: float, refused: str | None) -> None:
        self.real.tick()
        group = [self.make(number, age, refused) for number in numbers]
        expected = self.model.record(group)
        answer = self.real.record(group)
        assert [{name: it[name] for name in expected[0]} for it in answer] == [expected[at] for at in range(len(group))]

    @precondition(lambda self: self.model.rows)
    @rule(numbers=GROUPS)
    def expire(self, numbers: list[int]) -> None:
        named = [{"team_id": TEAM, "envelope_id": self.envelope_id(it)} for it in numbers]
        answer = self.real.call("expire_envelopes_v1", envelopes=named, worker="socket-relay@test")
        assert answer == {"expired": self.model.expire(map(self.envelope_id, numbers))}

    @rule(number=NUMBERS, times=st.integers(1, 2))
    def arrive_too_late(self, number: int, times: int) -> None:
        """Recorded in time, but the relay heard of it too late to acknowledge; it may say so twice at once."""
        self.record([number], 0.0, None)
        self.expire([number] * times)

    # -- claimed

    @rule(number=NUMBERS, worker=WORKERS)
    def arrive(self, number: int, worker: str) -> None:
        """As most do: recorded in time, and handed on at once."""
        self.record([number], 0.0, None)
        self.claim(number, worker)

    @precondition(lambda self: self.model.rows)
    @rule(number=NUMBERS, worker=WORKERS)
    def claim(self, number: int, worker: str) -> None:
        name = self.envelope_id(number)
        answer = self.real.call(
            "claim_envelope_v1",
            team_id=TEAM,
            envelope_id=name,
            worker=worker,
            lease_seconds=LEASE_S,
        )
        assert answer["state"] == self.model.claim(name)
        row = self.model.rows.get(name)
        if row is not None and answer["state"] == "claimed":
            self._leased(row.first or row, answer, worker)
        elif row is not None and answer["state"] == "settled":
            assert answer["ack"] == (row.first or row).ack

    @precondition(lambda self: self.model.rows)
    @rule(handler=st.sampled_from(HANDLERS), worker=WORKERS, most=st.sampled_from([1, 2, 16]))
    def claim_due(self, handler: str, worker: str, most: int) -> None:
        answer = self.real.call(
            "claim_envelopes_v1", handler=handler, worker=worker, max_envelopes=most, lease_seconds=LEASE_S
        )
        expected = self.model.claim_due(handler, most)
        assert [it["envelope"]["envelope_id"] for it in answer["envelopes"]] == [it.sent.envelope_id for it in expected]
        for row, claimed in zip(expected, answer["envelopes"], strict=True):
            self._leased(row, claimed, worker)

    def _leased(self, row: Envelope, claimed: dict[str, Any], worker: str) -> None:
        assert claimed["claim_token"] not in self.tokens, "an old token would do"
        self.model.lease(row, claimed["claim_token"], worker, LEASE_S)
        assert (claimed["attempt"], claimed["envelope"]["envelope_id"]) == (row.attempts, row.sent.envelope_id)
        self.tokens.append(claimed["claim_token"])

    @precondition(lambda self: self.held())
    @rule(data=st.data(), times=st.integers(1, MOST_ATTEMPTS))
    def its_handlers_vanish(self, data: st.DataObject, times: int) -> None:
        """Again and again, whoever has it dies, and another takes over."""
        row = self.model.holder(data.draw(st.sampled_from(self.held())))
        assert row is not None
        for _ in range(times):
            if row.lease_until is not None:
                self.model.now = max(self.model.now, row.lease_until)
                self.claim(int(row.sent.envelope_id[1:3]), "b")

    # -- settled or failed

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), plain=st.booleans(), reply=st.booleans(), ack=st.sampled_from([None, {"text": "done"}]))
    def settle(self, data: st.DataObject, *, plain: bool, reply: bool, ack: Any) -> None:  # noqa: ANN401
        token = self._some_token(data)
        outcome = Outcome(reply=reply, ack=ack, error="refused by the policy" if plain and reply else None)
        self._settle(token, outcome)

    @rule(data=st.data(), number=NUMBERS, behind=st.sampled_from([0, 0, 1]), deploys=st.sampled_from([None, *SERVICES]))
    def press(self, data: st.DataObject, number: int, behind: int, deploys: str | None) -> None:
        """As most do: recorded, claimed, and settled with what was pressed for."""
        self.arrive(number, "a")
        if self.tokens:
            self.settle_with_a_card(data, behind, deploys)

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), behind=st.sampled_from([0, 0, 0, 1]), deploys=st.sampled_from([None, *SERVICES]))
    def settle_with_a_card(self, data: st.DataObject, behind: int, deploys: str | None) -> None:
        """A change of a card of the version that the handler saw, which may be old by now; or a request to deploy."""
        token = self._some_token(data)
        if deploys is not None:
            self._settle(token, Outcome(events=("deploy.requested", "slack.action"), deploys=deploys))
            return
        name = data.draw(st.sampled_from(list(self.model.cards)))
        card = self.model.cards[name]
        phases = ("acknowledged", "investigating") if card.service is None else ("approved", "rejected", "completed")
        phase = data.draw(st.sampled_from(phases))
        event = {"approved": "deploy.approved", "rejected": "deploy.rejected"}.get(phase, "alert.acknowledged")
        seen = max(0, card.version - behind)
        self._settle(token, Outcome((event,), name, seen, phase, hook=phase == "approved", reply=bool(behind)))

    def _some_token(self, data: st.DataObject) -> str:
        """One that is held, or now and then any that ever was."""
        held = self.held()
        old = data.draw(st.integers(0, 9)) == 9
        token: str = data.draw(st.sampled_from(self.tokens if old or not held else held))
        return token

    def _settle(self, token: str, outcome: Outcome) -> None:
        answer = self.real.call("settle_envelope_v1", claim_token=token, outcome=self._described(outcome))
        made = (answer.get("event_ids") or {}).get("0")
        result = "settled" if answer["settled"] else answer["reason"]
        assert result == self.model.settle(token, outcome, made)
        if result == "card_changed" and outcome.card in self.model.cards:
            assert answer["card"]["version"] == self.model.cards[outcome.card].version

    def _described(self, outcome: Outcome) -> dict[str, Any]:
        """As a handler gives it to settle_envelope_v1."""
        about = {"card_id": outcome.card} if outcome.card else {}
        hook_of = {"hook_of": outcome.card} if outcome.hook else {}
        described: dict[str, Any] = {
            "ack": outcome.ack,
            "error": outcome.error,
            "reply": {"via": "response_url", "url": RESPONSE_URL, "body": {"text": "hi"}} if outcome.reply else None,
            "events": [
                {"key": str(at), "event_type": it, "payload": {} if at else about | hook_of}
                for at, it in enumerate(outcome.events)
            ],
        }
        where = {"environment": "production", "state": {}}
        if outcome.deploys:
            described["new_card"] = where | {"event": "0", "service": outcome.deploys, "phase": "requested"}
        if outcome.card:
            service = self.model.cards[outcome.card].service
            kind = {"kind": "alert"} if service is None else {"kind": "deploy", "service": service}
            described["card"] = (
                where | kind | {"card_id": outcome.card, "version": outcome.version, "phase": outcome.phase}
            )
            described["hooks"] = [{"card": "card", "service": service, "action": "deploy"}] if outcome.hook else []
        return described

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), error=ERRORS)
    def fail(self, data: st.DataObject, error: str) -> None:
        token = self._some_token(data)
        answer = self.real.call("fail_envelope_v1", claim_token=token, error=error)
        row = self.model.holder(token)
        state = self.model.fail(token, error, answer["retry_in_s"])
        assert (answer["settled"], answer["state"]) == (state is not None, state)
        if row is not None and state == "pending":
            self.real.check()
            # From here on as if the database had drawn this: a story must be the same each time it is told.
            row.next_attempt = self.model.after(0.75 * min(300, 3**row.attempts))
            self.real.show_times()

    # -- answered

    @precondition(lambda self: any(it.reply_status == "due" for it in self.model.rows.values()))
    @rule(number=NUMBERS)
    def claim_reply(self, number: int) -> None:
        answer = self.real.call("claim_reply_v1", team_id=TEAM, envelope_id=self.envelope_id(number))
        assert (answer["reply"] is not None) == self.model.claim_reply(self.envelope_id(number))

    @precondition(lambda self: any(it.reply_status == "due" for it in self.model.rows.values()))
    @rule(number=NUMBERS, outcome=st.just({}) | TROUBLES)
    def confirm_reply(self, number: int, outcome: dict[str, Any]) -> None:
        named = {"team_id": TEAM, "envelope_id": self.envelope_id(number)}
        answer = self.real.call("confirm_reply_v1", **named, outcome=outcome)
        assert answer == {"confirmed": self.model.confirm_reply(named["envelope_id"], outcome)}

    @precondition(lambda self: any(it.reply_status == "due" for it in self.model.rows.values()))
    @rule(handler=st.sampled_from(HANDLERS), most=st.sampled_from([1, 16]))
    def claim_replies(self, handler: str, most: int) -> None:
        answer = self.real.call("claim_replies_v1", handler=handler, max_replies=most)
        assert [it["envelope_id"] for it in answer["replies"]] == self.model.claim_replies(handler, most)

    # -- swept

    @precondition(lambda self: self.model.rows)
    @rule()
    def sweep(self) -> None:
        answer = self.real.call("sweep_envelopes_v1")  # before the model: it moves the clock to where it is asked
        assert answer == self.model.sweep()

    @precondition(lambda self: any(it.sent.received + KEPT_FOR <= self.model.now for it in self.model.rows.values()))
    @rule(most=st.sampled_from([1, 5000]))
    def prune(self, most: int) -> None:
        answer = self.real.call("prune_envelopes_v1", most=most)
        before = set(self.model.rows)
        assert answer == self.model.prune(most)
        self.pruned.update(int(gone[1:3]) for gone in before - set(self.model.rows))

    @rule(seconds=st.sampled_from([1, 12, LEASE_S, 310, 1600]))
    def time_passes(self, seconds: float) -> None:
        self.model.now += seconds

    @rule(before=st.booleans())
    def time_passes_until_something_is_due(self, *, before: bool) -> None:
        """Or until just before it is."""
        coming = [it for it in self.model.instants() if it > self.model.now + 1.1 * SPARE_S]
        if coming:
            self.model.now = min(coming) - (1.1 * SPARE_S if before else 0)

    @invariant()
    def the_database_is_as_the_model(self) -> None:
        self.real.check()


@pytest.fixture
def real(database_url: str) -> Iterator[RealLedger]:
    """The ledger in a database of this test's own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = runner.run(stack.enter_async_context(session(database_url)))
        yield RealLedger(runner, opened)
        runner.run(stack.aclose())


@pytest.mark.timeout(600 + EXAMPLES)  # a failure is made small before it is shown
def test_the_functions_of_the_envelopes_do_what_the_model_says(real: RealLedger) -> None:
    """After each step of any story the database equals the model and keeps the invariants."""
    machine = type("Machine", (EnvelopeMachine,), {"real": real})
    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=40))
