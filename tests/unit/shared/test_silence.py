"""A silence that is asked for: its words, its end, and the button that confirms it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.button_value import BadValue, ButtonValue, ForgedValue, UnreadableValue, sign
from pulser.silence import ACTION_ID, AskedSilence, plainly, read_silence, sign_silence, until, what
from pulser.silence_end import LONGEST, NotAnEnd, read_end

NOW = datetime(2026, 11, 29, 7, 30, tzinfo=UTC)
KEY = "key-sentinel"
ASKED = AskedSilence("i-1", "api", "ci.*", None, NOW + timedelta(hours=2), "a reason", "U0BOB", NOW)
TEXT = st.text(max_size=60)


def test_a_button_brings_back_what_was_previewed() -> None:
    """All of it, to the second."""
    assert read_silence(sign_silence(ASKED, KEY), KEY) == ASKED


@given(TEXT | st.none(), TEXT, TEXT | st.none(), TEXT, TEXT)
def test_any_words_survive_the_button(
    service: str | None, pattern: str, environment: str | None, reason: str, user: str
) -> None:
    """In any script; what would be too long for Slack is refused when it is made."""
    asked = replace(ASKED, service=service, event_pattern=pattern, environment=environment, reason=reason, user=user)
    try:
        value = sign_silence(asked, KEY)
    except ValueError:
        return
    assert read_silence(value, KEY) == asked


@pytest.mark.parametrize("at", range(8))
def test_no_part_can_be_changed(at: int) -> None:
    """Whoever edits a value to silence more, longer or for another person is found out."""
    body = json.loads(sign_silence(ASKED, KEY))
    body["p"][at] = body["p"][at] + 1 if isinstance(body["p"][at], int) else "another"
    with pytest.raises(ForgedValue):
        read_silence(json.dumps(body), KEY)


def test_another_buttons_value_is_not_obeyed() -> None:
    """A card's value, though it is signed with our key for this very action."""
    with pytest.raises(BadValue):
        read_silence(sign(ButtonValue("e", "d"), KEY, ACTION_ID), KEY)


@given(st.text(max_size=40) | st.none() | st.recursive(st.integers(), st.lists).map(json.dumps))
def test_no_value_makes_it_fail(value: str | None) -> None:
    """What is no value is refused in the usual way."""
    with pytest.raises(BadValue):
        read_silence(value, KEY)


def test_a_version_of_later_is_unreadable() -> None:
    """Signed, but of other parts."""
    body = json.loads(sign_silence(ASKED, KEY))
    with pytest.raises((UnreadableValue, ForgedValue)):
        read_silence(json.dumps(body | {"p": body["p"][:3]}), KEY)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((None, "*", None), "everything"),
        ((None, "ci.*", None), "`ci.*` of any service"),
        ((None, "ci.*", "staging"), "`ci.*` of any service in *staging*"),
        (("api", "*", None), "*api*"),
        (("api", "ci.*", "production"), "*api* `ci.*` in *production*"),
        ((None, "*", "staging"), "any service in *staging*"),
        (("<!channel>", "`x`", None), "*&lt;!channel&gt;* `ˋxˋ`"),
    ],
)
def test_what_is_silenced_is_said_in_a_few_words(place: tuple[str | None, str, str | None], said: str) -> None:
    """Inert, whatever stands in the patterns."""
    silence = dict(zip(("service", "event_pattern", "environment"), place, strict=True))
    assert what(silence) == said


def test_the_terminal_gets_the_same_words_plainly() -> None:
    """Without markup."""
    assert plainly({"service": "api", "event_pattern": "ci.*", "environment": "production"}) == "api ci.* in production"


def test_the_end_is_told_in_utc_and_by_the_readers_clock() -> None:
    """With the day where it is not today's."""
    assert until(NOW, NOW).startswith("07:30 UTC (<!date^1795937400^")
    assert until(NOW + timedelta(days=1), NOW).startswith("2026-11-30 07:30 UTC (")


@pytest.mark.parametrize(
    ("typed", "lasts", "rest"),
    [
        ("for 2h", timedelta(hours=2), ""),
        ("FOR 90 min noise", timedelta(minutes=90), "noise"),
        ("for 1h30m", timedelta(minutes=90), ""),
        ("for 1 hour 30 minutes we deploy", timedelta(minutes=90), "we deploy"),
        ("for 1.5h", timedelta(minutes=90), ""),
        ("for an hour a day off", timedelta(hours=1), "a day off"),
        ("for 7d", LONGEST, ""),
        ("until 18:00", timedelta(hours=10, minutes=30), ""),
        ("until 18:00 UTC because", timedelta(hours=10, minutes=30), "because"),
        ("until 7:00", timedelta(hours=23, minutes=30), ""),
        ("until 7:30", timedelta(hours=24), ""),
        ("until tomorrow 9:00 x", timedelta(hours=25, minutes=30), "x"),
        ("until 2026-12-01 09:00", timedelta(days=2, hours=1, minutes=30), ""),
        ("until 2026-11-29T10:30+02:00", timedelta(hours=1), ""),
        ("until 2026-11-29T08:30Z y", timedelta(hours=1), "y"),
    ],
)
def test_an_end_is_read_as_people_type_it(typed: str, lasts: timedelta, rest: str) -> None:
    """In UTC; what follows it is the reason."""
    assert read_end(typed.split(), NOW) == (NOW + lasts, rest.split())


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Say when it ends"),
        ("2h", "Say when it ends"),
        ("for", "I do not understand for how long"),
        ("for ever", "I do not understand for how long"),
        ("for 2 fortnights", "I do not understand for how long"),
        ("for 0h", "a minute at least"),
        ("for 20s", "I do not understand for how long"),
        ("for 8d", "seven days at most"),
        ("for 99999d", "seven days at most"),
        ("until", "I do not understand until when"),
        ("until 25:00", "I do not understand until when"),
        ("until 2026-13-01 10:00", "There is no such moment"),
        ("until 2026-11-29 07:00", "a minute at least"),
        ("until 9999-12-31T23:59", "seven days at most"),
        ("until 0001-01-01T00:00+14:00", "There is no such moment"),
    ],
)
def test_what_is_no_end_is_said_to_be_none(typed: str, why: str) -> None:
    """With what could be typed instead."""
    with pytest.raises(NotAnEnd, match=why):
        read_end(typed.split(), NOW)


WORDS = st.lists(
    st.sampled_from(["for", "until", "2h", "1", "min", "a", "day", "tomorrow", "9:00", "UTC", "2026-11-30", "x"])
    | st.text(max_size=8).filter(lambda it: it.strip()),
    max_size=8,
)


@given(WORDS)
def test_an_end_lies_within_a_minute_and_seven_days(words: list[str]) -> None:
    """Whatever is typed: such an end, with the words that are left, or a refusal."""
    try:
        ends_at, rest = read_end(words, NOW)
    except NotAnEnd:
        return
    assert NOW < ends_at <= NOW + LONGEST
    assert words[len(words) - len(rest) :] == rest
