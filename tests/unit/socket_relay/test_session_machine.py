"""Two sessions under random interleavings of everything that can be said to them.

Each rule says one thing to one session, at a moment that both share. A model that knows nothing of the session's
insides keeps what came out, and holds it to the invariants of `design.md` sections 3 and 6.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from socket_relay.effects import (
    COUNTERS,
    Ack,
    Alarm,
    BackOff,
    Close,
    Count,
    Effect,
    Forward,
    Live,
    OpenSuccessor,
    Record,
    SendPing,
    StopDialling,
)
from socket_relay.session import Session, State
from socket_relay.timing import Timing
from tests.unit.socket_relay.sessions import OWN, PONG_AFTER, of
from tests.unit.socket_relay.slack_frames import (
    app_rate_limited,
    click,
    command,
    disconnect,
    envelope,
    event,
    hello,
    submission,
)

TIMING = Timing()
MAKERS: dict[str, Callable[[str], str]] = {
    "click": click,
    "command": command,
    "submission": submission,
    "event": event,
    "limited": app_rate_limited,
    "foreign": lambda it: click(it, api_app_id="A9999"),
    "other_team": lambda it: event(it, team_id="T9999"),
    "unknown": lambda it: envelope("new", it, {}),
    "odd": lambda it: envelope("interactive", it, [1]),
    "broken": lambda it: click(it)[:-2],
}
RUN = {"click", "command", "submission", "event"}
JUNK = ["", "UNAUTHENTICATED: cache_error", "[]", "{}", '{"type": "pong"}', '{"envelope_id": 1}', "{" * 2000]
REASONS = ["warning", "refresh_requested", "link_disabled", "too_many_websockets", "new", None]
FORWARD_IN_LIFE: dict[State, set[State]] = {
    "connecting": {"waiting_for_hello", "live", "closed"},
    "waiting_for_hello": {"live", "closed"},
    "live": {"retiring", "closed"},
    "retiring": {"closed"},
    "closed": set(),
}


@dataclass
class Model:
    """One session, all that was said to it, and all that came out."""

    session: Session
    inputs: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    dialled_at: float = 0.0
    last_pong: float = 0.0
    greeted: bool = False

    def say(self, name: str, *arguments: object) -> list[Effect]:
        """Say one thing, and hold what comes out to what holds for every list of effects."""
        before, closing = self.session.state, bool(of(Close, self.effects))
        self.inputs.append((name, arguments))
        new: list[Effect] = getattr(self.session, name)(*arguments)
        after = self.session.state
        assert after == before or after in FORWARD_IN_LIFE[before]
        assert not (before == "closed" and new), "nothing is emitted after closed"
        self._record_before_ack(new)
        if of(OpenSuccessor, new):
            assert before == after == "live", "only what serves is succeeded"
        if closing:
            assert not of(SendPing, new), "nothing is pinged after the close was asked for"
        self.effects += new
        return new

    def _record_before_ack(self, new: list[Effect]) -> None:
        kinds = [type(it) for it in new]
        for kind in (Ack, Forward):
            assert kinds.count(kind) <= kinds.count(Record) <= 1
            assert kind not in kinds or kinds.index(Record) < kinds.index(kind)
        assert kinds.count(Ack) == kinds.count(Record)

    def says_the_same_alone(self) -> None:
        """What was said to it beside another one, said again without."""
        alone = Session("alone", self.dialled_at, expects=OWN, timing=TIMING)
        assert [it for name, arguments in self.inputs for it in getattr(alone, name)(*arguments)] == self.effects

    def seen(self) -> tuple[object, ...]:
        """All that can be seen of the session."""
        it = self.session
        return (
            it.state,
            it.hello,
            it.next_tick,
            it.draining_until,
            it.end_reason,
            it.envelopes,
            it.alive(self.last_pong),
        )


class TwoSessions(RuleBasedStateMachine):
    """Sessions A and B of one relay, on one clock."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.models = [self._dialled() for _ in "AB"]
        self.count = 0

    def _dialled(self) -> Model:
        return Model(Session("session", self.now, expects=OWN, timing=TIMING), last_pong=self.now, dialled_at=self.now)

    @initialize(target=sessions)
    def first(self) -> int:
        """Session A."""
        return 0

    @initialize(target=sessions)
    def second(self) -> int:
        """Session B."""
        return 1

    def _say(self, which: int, name: str, *arguments: object) -> list[Effect]:
        """Say it to one, and see that the other is what it was."""
        model, other = self.models[which], self.models[1 - which]
        unchanged = other.seen()
        new = model.say(name, self.now, *arguments)
        assert other.seen() == unchanged
        return new

    @rule(seconds=st.sampled_from([0.0, 0.05, 1.0, 4.9, 5.0, 12.0, 100.0, 3000.0]))
    def time_passes(self, seconds: float) -> None:
        """Without a tick: we are held up."""
        self.now += seconds

    @rule(which=sessions)
    def ticks(self, which: int) -> None:
        """A tick, wanted or not."""
        self._say(which, "tick")

    @rule(which=sessions)
    def opens(self, which: int) -> None:
        """The websocket is open."""
        self._say(which, "opened")

    @rule(which=sessions, lasts=st.sampled_from([None, 1, 60, 360, 18060]))
    def greets(self, which: int, lasts: object) -> None:
        """A hello; only the first one, in time, makes it live."""
        model = self.models[which]
        before = model.session.state
        lives = of(Live, self._say(which, "text", hello(lasts=lasts)))
        assert bool(lives) == (before in {"connecting", "waiting_for_hello"})
        model.greeted |= bool(lives)
        model.last_pong = self.now if lives else model.last_pong

    @rule(which=sessions, reason=st.sampled_from(REASONS))
    def dismisses(self, which: int, reason: str | None) -> None:
        """A disconnect."""
        new = self._say(which, "text", disconnect(reason))
        assert bool(of(Alarm, new)) == bool(of(StopDialling, new) or of(BackOff, new))

    @rule(which=sessions, kind=st.sampled_from(sorted(MAKERS)))
    def hands_over(self, which: int, kind: str) -> None:
        """An envelope: recorded and acknowledged once, unless the session has ended."""
        self.count += 1
        envelope_id = f"e-{self.count}"
        ended = self.models[which].session.state == "closed"
        # Before hello nobody can say whose an app is, when none is expected.
        runs = kind in RUN or (kind == "foreign" and not self.models[which].greeted)
        new = self._say(which, "text", MAKERS[kind](envelope_id))
        records, acks = of(Record, new), of(Ack, new)
        assert [it.envelope.envelope_id for it in records] == ([] if ended else [envelope_id])
        assert [(it.envelope_id, it.by) for it in acks] == ([] if ended else [(envelope_id, self.now + TIMING.ack)])
        assert len(of(Forward, new)) == (runs and not ended)
        assert all((it.refused is None) == runs for it in records)

    @rule(which=sessions, content=st.sampled_from(JUNK) | st.text(max_size=20))
    def talks_junk(self, which: int, content: str) -> None:
        """A text that is no frame."""
        assert not of(Close, self._say(which, "text", content))

    @rule(which=sessions, content=st.binary(max_size=8))
    def sends_bytes(self, which: int, content: bytes) -> None:
        """A binary frame."""
        self._say(which, "binary", content)

    @rule(which=sessions)
    def pongs(self, which: int) -> None:
        """A pong, asked for or not."""
        assert self._say(which, "pong") == []
        self.models[which].last_pong = self.now

    @rule(which=sessions, code=st.sampled_from([1000, 1001, 1006, 4000, None]))
    def breaks(self, which: int, code: int | None) -> None:
        """The websocket is closed."""
        self._say(which, "closed", code, "")
        assert self.models[which].session.state == "closed"

    @rule(which=sessions, within=st.sampled_from([None, 0.0, 5.0]))
    def retires(self, which: int, within: float | None) -> None:
        """A shutdown."""
        self._say(which, "retire", "shutdown", within)
        assert self.models[which].session.state in {"retiring", "closed"}

    @rule(which=sessions)
    def is_succeeded(self, which: int) -> None:
        """A successor is up."""
        self._say(which, "successor_up")

    def _punctual(self, which: int, until: float, *, pongs: bool) -> None:
        """Ticks when they are wanted, and pongs or none, up to a moment."""
        session = self.models[which].session
        pong_at: float | None = None
        while (at := min(session.next_tick, pong_at or until)) < until:
            self.now = max(self.now, at)
            if at == pong_at:
                self.pongs(which)
                pong_at = None
            elif of(SendPing, self._say(which, "tick")) and pongs:
                pong_at = self.now + PONG_AFTER
        self.now = until

    @precondition(lambda self: self.now < 50_000)
    @rule(which=sessions, seconds=st.sampled_from([20.0, 400.0]))
    def answers_for_long(self, which: int, seconds: float) -> None:
        """Ticks and pongs in time: a quiet peer is never given up."""
        self._say(which, "tick")
        self.pongs(which)
        before = len(self.models[which].effects)
        self._punctual(which, self.now + seconds, pongs=True)
        new = self.models[which].effects[before:]
        assert not [it for it in of(Count, new) if it.name.startswith("silent")]

    @precondition(lambda self: self.now < 50_000)
    @rule(which=sessions)
    def falls_silent(self, which: int) -> None:
        """Ticks in time, and no pong any more: given up at fifteen seconds."""
        self._say(which, "tick")
        self.pongs(which)
        self._punctual(which, self.now + TIMING.dead, pongs=False)
        self._say(which, "tick")
        assert self.models[which].session.state in {"closed", "connecting"}

    @invariant()
    def no_session_lives_before_its_hello(self) -> None:
        """Live, retiring and alive are for those that were greeted."""
        for it in self.models:
            assert it.greeted == (it.session.hello is not None)
            assert it.greeted or (it.session.state not in {"live", "retiring"} and not it.session.alive(self.now))

    @invariant()
    def alive_is_what_its_own_pongs_say(self) -> None:
        """The last pong of this session, not of the other."""
        for it in self.models:
            assert not it.session.alive(self.now) or self.now - it.last_pong <= TIMING.dead

    @invariant()
    def once_is_once(self) -> None:
        """One hello, one successor, one close."""
        for it in self.models:
            assert all(len(of(kind, it.effects)) <= 1 for kind in (Live, OpenSuccessor, Close))

    @invariant()
    def counters_have_known_names(self) -> None:
        """Nothing that a peer sends becomes the name of a counter."""
        assert {count.name for it in self.models for count in of(Count, it.effects)} <= COUNTERS

    @invariant()
    def what_is_closed_wants_no_tick(self) -> None:
        """And what is open always wants one: no session is forgotten."""
        for it in self.models:
            assert (it.session.next_tick == float("inf")) == (it.session.state in {"connecting", "closed"})

    @precondition(lambda self: any(it.session.state == "closed" for it in self.models))
    @rule()
    def is_dialled_anew(self) -> None:
        """What has ended gives its place to another one."""
        for place, it in enumerate(self.models):
            if it.session.state == "closed":
                it.says_the_same_alone()
                self.models[place] = self._dialled()

    def teardown(self) -> None:
        """Neither has heard anything of the other."""
        for it in self.models:
            it.says_the_same_alone()


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
