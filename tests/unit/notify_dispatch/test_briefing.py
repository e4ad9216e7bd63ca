"""The briefing in an alert's thread: who investigates, what is known, and nothing that is not."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notify_dispatch.render.briefing import render_briefing, render_plain_briefing
from notify_dispatch.render.message import Message
from pulser.blocks import MESSAGE_TEXT, SECTION_TEXT, characters
from pulser.card import Card
from tests.unit.notify_dispatch.cards import ALICE, BOB, card, cards, people, times, users
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID, json_values, row, texts

CARD = card("alert", "investigating", investigating=BOB)
AT = "2026-11-24T07:40:00Z"
DEPLOY = {
    "what": "completed", "version": "1.2.3", "environment": "production", "url": "https://ci.example/7", "at": AT,
    "actor": "ci", "by": None,
}  # fmt: skip
ALERT = {
    "event": row("ci.failed", {"title": "tests fail"}), "environment": "production", "phase": "open", "by": None,
    "at": AT, "channel": "C1", "ts": "1.1",
}  # fmt: skip
CI = {"what": "failed", "version": None, "branch": "main", "url": "https://ci.example/8", "at": AT}
LINKS = {"1.1": "https://slack.example/archives/C1/p11"}


def briefed(given: Card | None = CARD, links: dict[str, str] | None = None, **known: Any) -> Message:  # noqa: ANN401  JSON
    """The message of a briefing."""
    return render_briefing(DELIVERY_ID, EVENT_ID, given, known, links or {})


def sections(message: Message) -> list[str]:
    return [str(block["text"]["text"]) for block in message.blocks]


def test_it_names_the_investigator_and_the_service() -> None:
    """With a mention: whoever investigates is told where to look."""
    assert sections(briefed(ci=CI))[0] == (
        "<@U0BOB00001> is investigating this alert. What is known of *api* in *production*:"
    )


def test_where_nothing_is_known_it_says_so_in_a_line() -> None:
    """And names the investigator."""
    (line,) = sections(briefed(deploys=[], alerts=[], alerts_total=0, ci=None, runbook_url=None))
    assert line == "<@U0BOB00001> is investigating this alert. Nothing else is known of *api* in *production*."


def test_an_alert_without_a_service_says_why_nothing_is_known() -> None:
    """Whose deployments should it be?"""
    (line,) = sections(briefed(dataclasses.replace(CARD, service=None, environment=None)))
    assert line.endswith("It names no service, so nothing else is known.")


def test_a_deployment_tells_version_outcome_time_person_and_link() -> None:
    """The person who asked for it, without calling him."""
    (_, deploys) = sections(briefed(deploys=[DEPLOY | {"by": ALICE}]))
    assert deploys == (
        "*Last deployments*\n• `1.2.3` completed, <!date^1795506000^{date_short_pretty} {time}|2026-11-24T07:40:00Z>, "
        "by alice (<https://ci.example/7|see it>)"
    )


def test_a_deployment_that_nobody_asked_for_tells_who_wrote_of_it() -> None:
    """The machine, as it calls itself."""
    assert ", by ci (" in sections(briefed(deploys=[DEPLOY]))[1]


def test_what_is_not_known_of_a_deployment_is_left_out() -> None:
    """No empty word stands for it."""
    (_, deploys) = sections(briefed(deploys=[{"what": "failed"}]))
    assert deploys == "*Last deployments*\n• a version without a name failed"


def test_another_environment_is_named() -> None:
    """The alert's own is not said again."""
    (_, deploys) = sections(briefed(deploys=[DEPLOY, DEPLOY | {"environment": "staging"}]))
    assert [" in " in line for line in deploys.splitlines()[1:]] == [False, True]


def test_another_alert_is_a_link_to_its_message() -> None:
    """With its state, and who has it in hand."""
    held = ALERT | {"phase": "acknowledged", "by": ALICE, "environment": "staging", "at": None}
    (_, alerts) = sections(briefed(links=LINKS, alerts=[held], alerts_total=1))
    assert alerts == (
        "*1 other alert of the last day*\n"
        "• <https://slack.example/archives/C1/p11|tests fail> in staging, acknowledged by alice"
    )


def test_without_a_link_its_channel_is_named() -> None:
    """Slack did not tell the address in time."""
    assert sections(briefed(alerts=[ALERT], alerts_total=1))[1].endswith(
        "tests fail, " + _said(AT) + ", open (in <#C1>)"
    )


def test_more_alerts_than_are_shown_are_counted() -> None:
    """Five are told."""
    (_, alerts) = sections(briefed(alerts=[ALERT] * 5, alerts_total=9))
    assert (alerts.splitlines()[0], alerts.splitlines()[-1]) == ("*9 other alerts of the last day*", "• and 4 more")


def test_the_last_run_of_ci() -> None:
    """On its branch."""
    assert sections(briefed(ci=CI))[1] == (
        f"*Last CI run*\nCI failed on `main`, {_said(AT)} (<https://ci.example/8|see it>)"
    )


def test_the_runbook_is_a_link() -> None:
    """An address that cannot be shown is no runbook."""
    assert sections(briefed(runbook_url="https://runbooks.example/api"))[1:] == [
        "<https://runbooks.example/api|Runbook>"
    ]
    assert sections(briefed(runbook_url="javascript:alert(1)"))[1:] == []


def test_the_text_tells_what_the_thread_holds() -> None:
    """For a notification, and for who cannot see the blocks."""
    message = briefed(ci=CI, deploys=[DEPLOY])
    assert message.text == (
        "<@U0BOB00001> is investigating this alert. What is known of *api* in *production*: "
        "its last deployments, its last CI run."
    )


def test_its_metadata_name_the_delivery_itself() -> None:
    """By which it is found again after a doubt; it shows no version of the card."""
    assert briefed().to_arguments()["metadata"]["event_payload"] == {"delivery_id": DELIVERY_ID, "event_id": EVENT_ID}


def test_the_plain_one_is_a_line() -> None:
    """When Slack refuses the layout."""
    assert sections(render_plain_briefing(DELIVERY_ID, EVENT_ID, CARD)) == [
        "<@U0BOB00001> is investigating this alert."
    ]


def test_untrusted_text_neither_mentions_nor_links() -> None:
    """Whatever the writers of events call their versions, branches and alerts."""
    evil = "<!channel> <@U0EVE00001> <https://evil.example|here>"
    event = row("ci.failed", {"title": evil})
    message = briefed(
        dataclasses.replace(CARD, service=evil, environment=evil),
        deploys=[DEPLOY | {"version": evil, "environment": evil, "actor": evil, "url": evil}],
        ci=CI | {"branch": evil, "url": evil},
        alerts=[ALERT | {"event": event, "environment": evil, "channel": evil}],
        runbook_url=evil,
    )
    told = json.dumps([message.text, *message.blocks])
    assert re.findall(r"<[^!]\S*?>", told) == ["<@U0BOB00001>"] * 2
    assert "<!channel" not in told


known = st.fixed_dictionaries(
    {},
    optional={
        "deploys": st.lists(
            st.fixed_dictionaries(
                {"what": st.sampled_from(["completed", "failed", "started"]) | texts},
                optional=dict.fromkeys(("version", "environment", "url", "actor"), texts | st.text(min_size=400))
                | {"at": times, "by": people},
            ),
            max_size=5,
        ),
        "ci": st.fixed_dictionaries(
            {"what": st.sampled_from(["passed", "failed"])}, optional={"branch": texts, "at": times}
        ),
        "alerts": st.lists(
            st.fixed_dictionaries(
                {"event": st.builds(lambda title: row("ci.failed", {"title": title}), texts | st.text(min_size=400))},
                optional={
                    "environment": texts,
                    "phase": texts,
                    "by": people,
                    "at": times,
                    "channel": texts,
                    "ts": texts,
                },
            ),
            max_size=7,
        ),
        "alerts_total": st.integers(0, 10**6),
        "runbook_url": texts | st.builds("https://x.example/{}".format, texts),
    },
)


@given(cards, known)
def test_whatever_is_known_slack_takes_it(given_card: Card, told: dict[str, Any]) -> None:
    """Within its limits, and only the investigator, or whom no name is known of, is mentioned."""
    message = briefed(given_card, **told)
    assert message.degraded is None
    assert len(message.text) <= MESSAGE_TEXT
    assert all(0 < len(text) <= SECTION_TEXT for text in sections(message))
    assert characters(message.blocks) < 13_000
    mentioned = set(re.findall(r"<@([UW][A-Z0-9]+)>", json.dumps(message.blocks)))
    assert mentioned <= users(given_card) | set(re.findall(r"\b[UW][A-Z0-9]{2,}", json.dumps(told)))


@given(st.none() | cards, st.dictionaries(st.sampled_from(["deploys", "alerts", "ci", "alerts_total"]), json_values))
def test_nothing_that_json_can_say_makes_it_fail(given_card: Card | None, told: dict[str, Any]) -> None:
    """What is odd is left out."""
    message = briefed(given_card, **told)
    assert message.degraded is None
    assert message.blocks


def _said(at: str) -> str:
    return f"<!date^1795506000^{{date_short_pretty}} {{time}}|{at}>"
