"""Whatever the facts hold, there is a story: inert, without secrets, in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pulser.why import tell
from tests.unit.shared.why_facts import (
    Json,
    asked_envelope,
    at,
    attempt,
    audit,
    card,
    delivery,
    dispatch,
    envelope,
    event,
    facts,
    hook,
    update,
)

HOSTILE = (
    "<!channel> <https://evil.example|ok> \x1b[2J\x07 xoxb-1234567890-SENTINEL \u202egnp.exe "
    "https://hooks.slack.com/actions/T1/SENTINEL שלום עולם 版本 🚨\n\nfake: line"
)


def test_no_secret_is_told_and_each_text_is_one_line() -> None:
    """Whatever stands in names, reasons and errors."""
    log = attempt(1, 1, 0.1, "failed", HOSTILE, worker=HOSTILE, error=HOSTILE)
    held = delivery("failed", log, route=HOSTILE, why=HOSTILE, channel=HOSTILE, reason=HOSTILE, error=HOSTILE)
    clicks = [envelope(2, HOSTILE, audit(2, HOSTILE, outcome=HOSTILE, reason=HOSTILE), user_name=HOSTILE)]
    told = facts(held, event=event(HOSTILE, actor=HOSTILE, payload={"title": HOSTILE}), clicks=clicks)
    story = tell(told)
    assert "SENTINEL" not in json.dumps(story.to_json())
    texts = [story.about, story.now, *(text for it in story.moments for text in (it.what, it.detail or ""))]
    assert all(not set("\n\r\t\x1b\x07\u202e") & set(text) for text in texts)
    assert all(len(it.what) <= 200 and len(it.detail or "") <= 400 for it in story.moments)
    assert any("版本" in text and "שלום" in text for text in texts)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=8)
ODD = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=4), SCALARS, max_size=2)
WHOLE: list[Callable[[], Json]] = [
    lambda: facts(
        delivery("sent", attempt(1, 1, 1, "failed", "x"), attempt(2, 5, 1, "sent")),
        update(3),
        hook("dead"),
        card=card(acknowledged={"user": "U1", "at": at(3)}, hook={"status": "failed"}),
        tells_of=card(),
        clicks=[envelope(2, "button acknowledge", audit(2))],
        told_by=[audit(4, "alert.investigating")],
        cause=envelope(0),
        dispatch=dispatch("routed", verdicts=[{"route": "a", "used": True}]),
    ),
    lambda: asked_envelope(envelope(0, "button x", audit(0)), card=card(), deliveries=[update(1)]),
]


def places(value: Any, *path: str | int) -> list[tuple[str | int, ...]]:  # noqa: ANN401
    """Where something stands in a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [deeper for key, it in parts for deeper in [(*path, key), *places(it, *path, key)]]


def put(value: Any, path: tuple[str | int, ...], odd: object) -> None:  # noqa: ANN401
    """Something else in this place, as far as the way there has not been broken."""
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = odd


BREAKS = st.sampled_from(WHOLE).flatmap(
    lambda made: st.tuples(st.just(made), st.lists(st.tuples(st.sampled_from(places(made())), ODD), max_size=5))
)


@given(BREAKS, st.none() | st.text(max_size=3))
def test_whatever_the_facts_hold_there_is_a_story(breaks: Any, reader: str | None) -> None:  # noqa: ANN401
    """Parts that are missing or odd cost their own words, not the story; the moments stay in order."""
    made, changes = breaks
    odd = made()
    for path, value in changes:
        put(odd, path, value)
    story = tell(odd, reader)
    times = [it.at for it in story.moments if it.at]
    assert times == sorted(times)
    assert story.now
    json.dumps(story.to_json())
