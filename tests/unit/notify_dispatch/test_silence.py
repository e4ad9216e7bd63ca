"""Which silences cover an event, and what passes every silence."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.event import Event
from notify_dispatch.intended import intended
from notify_dispatch.render import Occasion, render
from notify_dispatch.route import Route
from notify_dispatch.silence import Silence, covering, passing

EVERYTHING = Silence("s-all")
API = Silence("s-api", service="api")
CI = Silence("s-ci", event_pattern="ci.*")
STAGING = Silence("s-staging", service="api*", environment="staging")
ALL = (EVERYTHING, API, CI, STAGING)
ROUTE = Route(name="all", channel="#ops")
NAMES = st.text(alphabet="ab.-_*?\\%Z", max_size=6)


def event(event_type: str = "ci.failed", payload: object = None, **columns: Any) -> Event:  # noqa: ANN401  any JSON
    return Event.from_json({"event_id": "e", "event_type": event_type, "payload": payload, **columns})


def ids(it: Event, *silences: Silence) -> list[str]:
    return [one.silence_id for one in covering(it, silences or ALL)]


@pytest.mark.parametrize(
    ("it", "covered_by"),
    [
        (event(payload={"service": "api"}), ["s-all", "s-api", "s-ci"]),
        (event(payload={"service": "api-worker", "environment": "staging"}), ["s-all", "s-ci", "s-staging"]),
        (event("task.failed", {"service": "web"}), ["s-all"]),
        (event("task.failed", {"service": "API"}), ["s-all"]),
        (event("ci.passed"), ["s-all", "s-ci"]),
        (event("ci"), ["s-all"]),
    ],
)
def test_an_event_is_covered_by_what_fits_it(it: Event, covered_by: list[str]) -> None:
    """Service, type and environment must all fit; upper and lower case differ, as in a route."""
    assert ids(it) == covered_by


@pytest.mark.parametrize(
    ("it", "why"),
    [
        (event(payload={"severity": "critical"}), "it is critical"),
        (event(payload={"severity": " Fatal "}), "it is critical"),
        (event(payload=[1]), "its payload cannot be read"),
        (event("deploy.requested"), "it waits for somebody's answer"),
        (event("relay.alarm"), "pulser itself tells of it"),
        (event("delivery.dead", {"severity": "error"}), "pulser itself tells of it"),
        (event("silence.ended"), "pulser itself tells of it"),
    ],
)
def test_what_must_be_heard_passes_every_silence(it: Event, why: str) -> None:
    """Also one of everything."""
    assert (passing(it), ids(it)) == (why, [])


@pytest.mark.parametrize("event_type", ["relay", "relays.up", "deploy.failed", "unsilence.x", "ci.critical"])
def test_what_only_looks_like_it_does_not_pass(event_type: str) -> None:
    """Errors and deploys can be silenced; that is what a silence is for."""
    assert passing(event(event_type, {"severity": "error"})) is None


@given(service=NAMES, pattern=NAMES.filter(bool))
def test_a_pattern_is_a_glob_as_a_routes(service: str, pattern: str) -> None:
    """Without brackets, which no silence has, the two mean the same."""
    it = event(payload={"service": service})
    assert bool(ids(it, Silence("s", service=pattern))) == fnmatchcase(it.service or "", pattern)


@given(
    st.dictionaries(st.sampled_from(["service", "environment", "severity"]), st.text(max_size=9) | st.none()),
    st.text(max_size=12),
)
def test_a_silence_of_everything_covers_all_that_does_not_pass(payload: dict[str, Any], event_type: str) -> None:
    """There is nothing between the two."""
    it = event(event_type, payload)
    assert (ids(it, EVERYTHING) == []) == (passing(it) is not None)


def test_the_router_says_which_silences_fit_and_keeps_the_channels() -> None:
    """Whether one of them still lasts is the ledger's to know; the verdicts tell what would have been posted."""
    routing = intended(event(payload={"service": "api"}), [ROUTE], [CI, API])
    assert routing["silences"] == ["s-ci", "s-api"]
    assert [it["channel"] for it in routing["deliveries"]] == ["#ops"]
    assert [it["used"] for it in routing["verdicts"]] == [True]


def test_what_goes_nowhere_is_not_silenced() -> None:
    """No route took it: nothing was muted, and nothing is counted."""
    assert "silences" not in intended(event("ci.passed"), [], [EVERYTHING])


@pytest.mark.parametrize("actor", ["action-handler", "ops_silence_end", "ana"])
def test_the_news_of_a_silence_is_told_in_words_alone(actor: str) -> None:
    """What its payload says again for programs stands in no message."""
    it = event("silence.ended", {"title": "t", "silence": {"muted": 3}}, actor=actor)
    assert it.extra == ()
    assert event("ci.failed", {"silence": "x"}, actor=actor).extra == (("silence", "x"),)


def test_a_silenced_event_still_tells_what_it_means() -> None:
    """News of a service and the result of a deploy go their way."""
    routing = intended(event("deploy.failed", {"service": "api"}), [ROUTE], [EVERYTHING])
    assert (routing["fact"]["what"], routing["deploy_result"]["what"]) == ("failed", "failed")


NEWS: dict[str, Any] = {
    "service": "api",
    "event_pattern": "ci.*",
    "environment": None,
    "created_at": "2026-11-29T07:30:00+00:00",
    "ends_at": "2026-11-29T09:30:00+00:00",
    "created_by": {"user": "U0ALICE01", "name": "alice"},
    "ended_by": None,
    "ended_at": None,
    "muted": 0,
    "types": [],
}
BEGAN = "<!date^1795937400^{date_short_pretty} {time}|2026-11-29T07:30:00Z>"
ENDS = "<!date^1795944600^{date_short_pretty} {time}|2026-11-29T09:30:00Z>"


def message(event_type: str, actor: str = "action-handler", **changes: object) -> tuple[str, list[str]]:
    """The text of a silence's news, and its sections."""
    told = {"title": "api is silenced", "summary": "By alice, from … UTC.", "service": "api", "severity": "info"}
    payload = told | {"reason": "rebuild", "slack_user": "U0ALICE01", "silence": NEWS | changes}
    made = render(event(event_type, payload, actor=actor), Occasion(delivery_id="d"))
    sections = [it for it in made.blocks if it["type"] == "section"]
    texts = [text for it in sections for text in ([it["text"]] if "text" in it else it["fields"])]
    return made.text, [it["text"] for it in texts]


def test_a_silence_that_begins_is_told_once_in_the_readers_time() -> None:
    """One sentence, and why."""
    said = f"<@U0ALICE01> silenced *api* `ci.*` until {ENDS}. Critical events are posted all the same."
    assert message("silence.started") == (f"Info: {said}", [said, "*Reason*\nrebuild"])
    by_hand, _ = message("silence.started", "bo", service=None, event_pattern="*", created_by={"name": "bo"})
    assert by_hand.startswith(f"Info: bo silenced everything until {ENDS}.")


def test_a_silence_that_is_over_is_told_once_in_the_readers_time() -> None:
    """With whoever ended it, and how much it muted."""
    span = f"alice silenced it from {BEGAN} to {ENDS}"
    _, [over, _] = message("silence.ended")
    assert over == f"*api* `ci.*` is heard again: {span}. It muted nothing."
    types = [{"event_type": "ci.failed", "events": 2}, {"event_type": "ci.passed", "events": 1}]
    _, [ended, _] = message("silence.ended", ended_by={"user": "U0BOB0001", "name": "<bob>"}, muted=4, types=types)
    early = f"{span}, and &lt;bob&gt; ended it before its time."
    assert ended == f"*api* `ci.*` is heard again: {early} It muted 4 events: 2 `ci.failed`, 1 `ci.passed`, 1 more."


@given(st.recursive(st.none() | st.integers() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)))
def test_whatever_such_an_event_says_is_a_message(told: object) -> None:
    """Anybody can write one."""
    for event_type in ("silence.started", "silence.ended"):
        for silence in (told, NEWS | dict.fromkeys(NEWS, told), NEWS | {"types": [told], "muted": told}):
            assert not render(event(event_type, {"silence": silence}), Occasion(delivery_id="d")).degraded
