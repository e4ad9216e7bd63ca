"""A digest's message: the counts, the times, what is not shown, and that Slack takes it whatever the names are."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.render.digest import render_digest, render_plain_digest
from pulser_local.slack.validation import check_blocks
from tests.unit.notify_dispatch.slack_limits import mentions, problems

FACTS: dict[str, Any] = {
    "events": 148,
    "from": "2026-03-01T10:02:10+00:00",
    "to": "2026-03-01T10:04:50+00:00",
    "waited_s": 2.6,
    "open_alerts": 31,
    "types": [
        {
            "event_type": "ci.failed",
            "count": 120,
            "services": [{"service": "api", "count": 80}, {"service": "web", "count": 40}],
            "more_services": 0,
        },
        {"event_type": "error_rate.exceeded", "count": 28, "services": [], "more_services": 0},
    ],
    "more_types": 0,
    "more_events": 0,
}
names = st.text(max_size=200) | st.sampled_from(["<!channel>", "<@U0ABCDEF12>", "`x`", "&&&&", "\u202egpj", "a\nb"])
counts = st.integers(min_value=1, max_value=10**9)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """As digest_facts_v1 tells them, of any names."""
    types: list[dict[str, Any]] = [
        {
            "event_type": draw(names),
            "count": draw(counts),
            "services": [{"service": draw(names), "count": draw(counts)} for _ in range(draw(st.integers(0, 5)))],
            "more_services": draw(st.integers(0, 99)),
        }
        for _ in range(draw(st.integers(0, 12)))
    ]
    more_types = draw(st.integers(0, 99))
    more_events = more_types and draw(st.integers(more_types, 10**9))
    return FACTS | {
        "events": sum(it["count"] for it in types) + more_events,
        "types": types,
        "more_types": more_types,
        "more_events": more_events,
        "open_alerts": draw(st.integers(0, 10**6)),
    }


def shown(given_facts: dict[str, Any]) -> str:
    return str(render_digest("d", "e", given_facts).to_arguments()["blocks"])


def test_it_reads_as_a_sentence() -> None:
    """The text of a notification tells all: how many, when, of what."""
    said = re.sub(r"<!date\^\d+\^[^|]+\|([^>]+)>", r"\1", render_digest("d", "e", FACTS).text)
    assert said == (
        "148 events, 2026-03-01T10:02:10Z to 2026-03-01T10:04:50Z: "
        "*120* `ci.failed` (api 80, web 40), *28* `error_rate.exceeded`"
    )


def test_the_delay_that_the_limit_added_is_shown() -> None:
    """In seconds, with its reason."""
    assert "waited up to 2.6 s for Slack's limit of one message a second" in shown(FACTS)


def test_open_alerts_are_counted_and_one_learns_how_to_see_each() -> None:
    """They have no buttons here."""
    assert "*31 open alerts* are among them" in shown(FACTS)
    assert "/pulser status" in shown(FACTS)
    assert "open alert" not in shown(FACTS | {"open_alerts": 0})


def test_it_says_how_to_see_each_event() -> None:
    """At its end, in small; as few digits as the command takes. The plain one too."""
    digest = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    for facts_of in (FACTS, FACTS | {"open_alerts": 0}):
        last = render_digest(digest, "e", facts_of).blocks[-1]
        assert (last["type"], last["elements"][-1]["text"]) == (
            "context",
            "each: `pulser ledger list --digest 1b4e28ba`",
        )
    assert render_plain_digest(digest, "e", FACTS).text.endswith(" Each: `pulser ledger list --digest 1b4e28ba`")


def test_it_has_no_buttons() -> None:
    """Nothing of it can be acknowledged."""
    assert {block["type"] for block in render_digest("d", "e", FACTS).blocks} == {"header", "section", "context"}


def test_its_metadata_are_those_of_its_post() -> None:
    """By its delivery it is found again after a doubt; it shows no state of a card."""
    payload = render_digest("d", "e", FACTS).to_update()["metadata"]["event_payload"]
    assert payload == {"delivery_id": "d", "event_id": "e"}


@given(facts())
def test_slack_takes_any(given_facts: dict[str, Any]) -> None:
    """Laid out, and within all limits, those of an update's text included; and it mentions nobody."""
    message = render_digest("d", "e", given_facts)
    assert problems(message.to_arguments()) == []
    check_blocks(list(message.blocks))
    assert message.degraded is None
    assert len(message.text) <= 4000
    assert mentions(message.to_arguments()) == set()


@given(facts())
def test_the_counts_add_up(given_facts: dict[str, Any]) -> None:
    """What has no line of its own is counted in the last one: no event is left out of a digest."""
    section = render_digest("d", "e", given_facts).blocks[1]["text"]["text"]
    lines = re.findall(r"^• (?:\*([\d,]+)\*|… and [\d,]+ more types?: ([\d,]+))", section, re.MULTILINE)
    told = sum(int((one or other).replace(",", "")) for one, other in lines)
    assert told == given_facts["events"]


@given(st.dictionaries(st.sampled_from(list(FACTS)), st.none() | st.text() | st.lists(st.integers())))
def test_odd_facts_make_a_plain_message(odd: dict[str, Any]) -> None:
    """That there were events is told, whatever the ledger says of them."""
    assert problems(render_digest("d", "e", FACTS | odd).to_arguments()) == []


@given(facts())
def test_the_plain_one_is_valid(given_facts: dict[str, Any]) -> None:
    """Where Slack refuses the layout."""
    assert problems(render_plain_digest("d", "e", given_facts).to_arguments()) == []
