"""`/pulser silence`: what is typed, the preview and its button, the list, the end; and the silences in a status."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler.answer import Answer, note
from command_handler.command import read_command
from command_handler.silence import SilenceCommand
from command_handler.silence_answer import with_silences
from command_handler.silence_words import EndIt, ListThem, NotUnderstood, Wanted, read_silence_command
from pulser.envelope import Envelope
from pulser.errors import DatabaseUnavailable
from pulser.silence import read_silence
from pulser.silence_end import HOW
from pulser.vault import Vault
from tests.unit.command_handler.answers import problems
from tests.unit.command_handler.fakes import FakeLedger

NOW = datetime(2026, 11, 29, 7, 30, tzinfo=UTC)
KEY = "button-key-sentinel"
ID, OTHER = "8f3b0c9e-0000-4000-8000-000000000001", "8f3b0c9e-1111-4000-8000-000000000001"
HOSTILE = "<!channel> `x` *b* <https://evil.example|ok> 監視"
FOUND: dict[str, Any] = {
    "muted": 42,
    "passing": 2,
    "types": [
        {"event_type": "ci.failed", "service": "api", "events": 40},
        {"event_type": "ci.passed", "service": None, "events": 2},
    ],
    "newest": [{"event_id": ID, "event_type": "ci.failed", "service": "api", "title": HOSTILE, "at": NOW.isoformat()}],
    "looked_through": 300,
    "is_cut": False,
    "since": (NOW - timedelta(days=1)).isoformat(),
}


def silence(silence_id: str = ID, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    told = {"silence_id": silence_id, "service": "api", "event_pattern": "ci.*", "environment": None, "muted": 12}
    made = {"reason": HOSTILE, "created_by": {"user": "U0ANA", "name": "ana"}, "is_live": True}
    return {**told, **made, "ends_at": (NOW + timedelta(hours=2)).isoformat(), **changes}


def envelope() -> Envelope:
    who = {"user_id": "U0BOB", "user_name": "bob", "channel_id": "C1", "team_id": "T1"}
    payload = {"command": "/pulser", "text": "", **who}
    return Envelope.from_command_form(payload, "e-1")


def typed(text: str, **answers: Any) -> Answer:  # noqa: ANN401  JSON or errors
    ledger = FakeLedger(**{"preview_silence_v1": FOUND, "list_silences_v1": [], **answers})
    ledger.secrets["pulser_button_key"] = KEY
    command = SilenceCommand(ledger, Vault(ledger))
    return asyncio.run(command.answer(read_command(f"silence {text}"), envelope(), "/pulser", NOW))


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("api for 2h", ("api", "*", None), ""),
        ("* for 2h", (None, "*", None), ""),
        ("everything ci for 2h", (None, "ci.*", None), ""),
        ("api ci.* for 2h because we rebuild it", ("api", "ci.*", None), "we rebuild it"),
        ("api ci.* for 2h because of migration", ("api", "ci.*", None), "migration"),
        ("api ci.* for 2h – because of the move", ("api", "ci.*", None), "the move"),
        ("api for 2h of migration", ("api", "*", None), "of migration"),
        ("api in production ci.failed until 18:00 – noise", ("api", "ci.failed", "production"), "noise"),
        ("api ci.* in staging for 2h", ("api", "ci.*", "staging"), ""),
        ("list ci.* for 2h", ("list", "ci.*", None), ""),
        ("end for 2h", ("end", "*", None), ""),
        ("“api worker” * for 2h", ("api worker", "*", None), ""),
        ("api* deploy.* for 1h for the weekend", ("api*", "deploy.*", None), "for the weekend"),
    ],
)
def test_a_silence_is_read_as_people_type_it(text: str, place: tuple[str | None, str, str | None], reason: str) -> None:
    """Service, type, environment, end, reason."""
    meant = read_silence_command(read_command(f"silence {text}").arguments, NOW, "/pulser")
    assert isinstance(meant, Wanted)
    assert (meant.service, meant.event_pattern, meant.environment) == place
    assert meant.reason == reason


def test_list_and_end_are_words_of_their_own() -> None:
    """`list` alone, `end` with an id."""
    assert read_silence_command(["List"], NOW, "/pulser") == ListThem()
    assert read_silence_command(["end", "8F3B"], NOW, "/pulser") == EndIt("8f3b")


@pytest.mark.parametrize(
    "text", ["", "api", "api ci.* web.* for 2h", "api for", "for 2h", "end", "ap[i] for 2h", "api for 9d"]
)
def test_what_is_no_silence_is_refused_with_how_it_is_typed(text: str) -> None:
    """Nothing is asked for, nothing changes."""
    said = typed(text)
    assert (said.outcome, said.silence) == ("refused", None)
    assert not problems(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api 30min", "`for` is missing before `30min`. Type `/pulser silence api for 30min`."),
        (
            "api ci.* in production 2 hours the move",
            "`for` is missing before `2`. Type `/pulser silence api ci.* in production for 2 hours the move`.",
        ),
        ("api 18:00", "`until` is missing before `18:00`. Type `/pulser silence api until 18:00`."),
        ("api ci.*", f"I do not see when it ends: {HOW}. For example `/pulser silence api ci.* for 2h`."),
        ("a&b 2h", "`for` is missing before `2h`. Type `/pulser silence a&amp;b for 2h`."),
    ],
)
def test_a_missing_word_is_named_with_the_line_as_it_should_be(text: str, said: str) -> None:
    """Not the whole usage, in which one has to look for what is wrong."""
    assert typed(text).text == said


NO_SERVICE = "The service is missing: what is to be silenced comes first, `*` is every service."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("for 2h", "For example `/pulser silence api for 2h`."),
        ("until 18:00", "For example `/pulser silence api until 18:00`."),
        ("2h", "For example `/pulser silence api for 2h`."),
        ("18:00 UTC", "For example `/pulser silence api until 18:00 UTC`."),
        ("for 2h web", "Type `/pulser silence web for 2h`."),
        ("2 hours web ci.*", "Type `/pulser silence web ci.* for 2 hours`."),
        ("for 2h because noise", "For example `/pulser silence api for 2h`."),
        ("for 2h for the move", "For example `/pulser silence api for 2h`."),
        ("until", "For example `/pulser silence api for 2h`."),
        ("for ever", "For example `/pulser silence api for 2h`."),
    ],
)
def test_a_missing_service_is_named_with_a_line_that_works(text: str, said: str) -> None:
    """What is typed there is understood."""
    told = typed(text).text
    assert told == f"{NO_SERVICE} {said}"
    line = told.split("`")[-2].removeprefix("/pulser ")
    assert isinstance(read_silence_command(read_command(line).arguments, NOW, "/pulser"), Wanted)


def test_an_example_of_an_end_leaves_out_what_is_no_place() -> None:
    """With it, the line would be refused again."""
    assert typed("web please be quiet").text.endswith("For example `/pulser silence web for 2h`.")


@given(st.text(max_size=120))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Nothing that people type makes it fail, and what is understood fits into a pattern."""
    try:
        meant = read_silence_command(read_command(f"silence {text}").arguments, NOW, "/pulser")
    except NotUnderstood:
        return
    assert not isinstance(meant, Wanted) or "[" not in f"{meant.service}{meant.event_pattern}{meant.environment}"


def button(said: Answer) -> Mapping[str, Any]:
    (row,) = [it for it in said.blocks if it["type"] == "actions"]
    (found,) = row["elements"]
    return dict(found)


def test_a_preview_says_what_it_would_have_muted() -> None:
    """By type and service, with the newest, and what passes."""
    said = typed("api ci.* for 2h rebuild")
    assert not problems(said)
    first, told = said.blocks[0]["text"]["text"], said.blocks[1]["text"]["text"]
    assert first.startswith("🔕 Silence *api* `ci.*` until 09:30 UTC (")
    assert told.startswith("Of the last day's events it would have muted *42*: 40 `ci.failed` of api, 2 `ci.passed`.")
    assert (
        "2 would have been posted all the same: critical events, requests for a deploy, alarms of pulser itself" in told
    )
    assert "&lt;!channel&gt;" in told


def test_the_button_carries_just_what_was_previewed() -> None:
    """Signed, for who asked."""
    asked = read_silence(button(typed("api in production ci.* for 2h rebuild"))["value"], KEY)
    assert (asked.service, asked.event_pattern, asked.environment, asked.reason) == (
        "api",
        "ci.*",
        "production",
        "rebuild",
    )
    assert (asked.user, asked.ends_at, asked.asked_at) == ("U0BOB", NOW + timedelta(hours=2), NOW)


def test_a_preview_of_nothing_says_so() -> None:
    """Perhaps the service is called otherwise."""
    nothing = FOUND | {"muted": 0, "passing": 0, "types": [], "newest": []}
    assert "it would have muted none." in typed("apo for 2h", preview_silence_v1=nothing).text


def test_of_very_many_events_only_the_newest_are_told_of() -> None:
    """And it says how far back that is."""
    much = FOUND | {"looked_through": 3000, "is_cut": True, "since": (NOW - timedelta(hours=3)).isoformat()}
    assert "Of the newest 3,000 events (back to 3 h ago)" in typed("api for 2h", preview_silence_v1=much).text


def test_without_a_key_there_is_no_button() -> None:
    """Whoever looks after pulser is told what to do."""
    ledger = FakeLedger(preview_silence_v1=FOUND)
    command = SilenceCommand(ledger, Vault(ledger))
    said = asyncio.run(command.answer(read_command("silence api for 2h"), envelope(), "/pulser", NOW))
    assert (said.outcome, said.error) == ("failed", "no_button_key")


def test_the_list_tells_what_who_until_when_and_how_much() -> None:
    """With the beginning of the id, which ends it."""
    said = typed("list", list_silences_v1=[silence()])
    assert not problems(said)
    line = said.blocks[0]["text"]["text"]
    assert line.startswith("`8f3b0c9e` *api* `ci.*` until 09:30 UTC (")
    assert "by <@U0ANA>" in line
    assert line.endswith(". 12 muted")
    assert typed("list").text == "Nothing is silenced."


def test_the_list_says_of_each_time_what_it_is() -> None:
    """UTC, and the reader's own clock beside it: its small print says nothing else of all of them."""
    small = typed("list", list_silences_v1=[silence()]).blocks[-1]["elements"][0]["text"]
    assert small == "`/pulser silence end` with such an id ends one."


def test_an_end_is_settled_with_the_command() -> None:
    """Whoever types it."""
    said = typed("end 8f3b", list_silences_v1=[silence()])
    assert said.silence is not None
    assert said.silence.to_json() == {"action": "end", "silence_id": ID, "ended_by": {"user": "U0BOB", "name": "bob"}}
    assert said.text == "*api* `ci.*` is heard again; <@U0ANA> had silenced it."


@pytest.mark.parametrize(("live", "said"), [([], "No silence that lasts"), ([silence(), silence(OTHER)], "Several")])
def test_an_id_that_names_no_single_one_ends_none(live: list[dict[str, Any]], said: str) -> None:
    """Nor the wrong one."""
    answered = typed("end 8f3b0c9e", list_silences_v1=live)
    assert (answered.silence, answered.outcome) == (None, "refused")
    assert answered.text.startswith(said)


def test_a_status_tells_what_is_silenced() -> None:
    """Of one service only what covers it; the small print stays last."""
    status = Answer("all is well.", [*note("a").blocks, *note("small").blocks])
    live = [silence(), silence(OTHER, service="w?b*", muted=0), silence(service=None)]
    assert not problems(with_silences(status, live, NOW))
    assert json.dumps(list(with_silences(status, live, NOW).blocks)).count("Silenced") == 3
    of_web = with_silences(status, live, NOW, "web-1")
    assert json.dumps(list(of_web.blocks)).count("Silenced") == 2
    assert of_web.blocks[-1] == status.blocks[-1]
    assert with_silences(status, [], NOW) is status


def test_a_status_does_not_fail_for_its_silences() -> None:
    """Help and status are answered all the same."""
    ledger = FakeLedger(list_silences_v1=DatabaseUnavailable("away"))
    said = note("all is well.")
    assert asyncio.run(SilenceCommand(ledger, Vault(ledger)).told_with(said, NOW)) is said
