from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from notify_dispatch.event import Event
from notify_dispatch.render import Message, render
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID, EVENT_TYPES, KNOWN_KEYS, event, occasion, row
from tests.unit.notify_dispatch.slack_limits import links, mentions, problems

DEPLOY = {"service": "api", "environment": "production", "version": "1.2.3", "commit": "9f8e7d6c5b4a", "branch": "main"}


def rendered(event_type: str, payload: object = None, **columns: object) -> Message:
    return render(event(event_type, payload, **columns), occasion())


def header(message: Message) -> str:
    text: str = message.blocks[0]["text"]["text"]
    return text


def shown(message: Message) -> str:
    """All texts of the blocks, one a line."""
    return "\n".join(_walk(list(message.blocks)))


def _walk(value: object) -> list[str]:
    if isinstance(value, dict):
        return [value["text"]] if isinstance(value.get("text"), str) else _walk(list(value.values()))
    return [text for item in value for text in _walk(item)] if isinstance(value, list) else []


def buttons(message: Message) -> dict[str, dict[str, Any]]:
    rows_of = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for elements in rows_of for button in elements}


@pytest.mark.parametrize(
    "hostile", ["<!channel>", "<!here|x>", "<@U1234567>", "<#C1234567>", "<https://evil.example|ok>"]
)
@pytest.mark.parametrize(
    "field", [*KNOWN_KEYS, "unknown key", "actor", "target", "error_detail", "event_type", "event_id"]
)
def test_markup_in_any_field_is_inert(hostile: str, field: str) -> None:
    """Markup of a writer is shown as text: no mention, no link."""
    columns = {field: hostile} if field in row() else {}
    payload = {"service": "api", field: hostile, hostile: 1} if not columns else {}
    message = render(Event.from_json(row("x.failed", payload) | columns), occasion()).to_arguments()
    assert mentions(message) | links(message) == set()
    assert problems(message) == []


@pytest.mark.parametrize(
    ("event_type", "expected_header", "expected_text", "expected_buttons"),
    [
        ("ci.passed", "🟢 CI passed", "Info: CI passed for", ""),
        ("ci.failed", "🔴 CI failed", "Error: CI failed for", "acknowledge investigate"),
        ("deploy.started", "🔵 Deploy started", "Info: Deploy started for", ""),
        ("deploy.completed", "🟢 Deploy completed", "Info: Deploy completed for", "rollback"),
        ("deploy.failed", "🔴 Deploy failed", "Error: Deploy failed for", "acknowledge investigate rollback"),
        (
            "error_rate.exceeded",
            "🔴 Error rate above threshold",
            "Error: Error rate above threshold for",
            "acknowledge investigate",
        ),
        ("task.completed", "🟢 Task completed", "Info: Task completed for", ""),
        ("task.failed", "🔴 Task failed", "Error: Task failed for", "acknowledge investigate"),
        ("trigger.acknowledged", "⚪ Manual trigger acknowledged", "Info: ana acknowledged the manual trigger for", ""),
        ("alert.acknowledged", "⚪ Alert acknowledged", "Info: ana acknowledged the alert for", ""),
        ("alert.investigating", "🔵 Alert under investigation", "Info: ana is investigating the alert for", ""),
        ("deploy.requested", "🔵 Deploy requested", "Info: ana requested the deploy of", "approve reject"),
        ("deploy.approved", "🟢 Deploy approved", "Info: ana approved the deploy of", ""),
        ("deploy.rejected", "🟠 Deploy rejected", "Warning: ana rejected the deploy of", ""),
        ("rollback.requested", "🔵 Rollback requested", "Info: ana requested the rollback of", ""),
        ("slack.command", "⚪ Slack command", "Info: ana ran a Slack command for", ""),
        ("slack.action", "⚪ Slack button pressed", "Info: ana pressed a button in Slack for", ""),
        (
            "relay.alarm",
            "⚪ Connection to Slack in trouble",
            "Info: Connection to Slack in trouble for",
            "acknowledge investigate",
        ),
        (
            "relay.deaf",
            "⚪ Nothing is heard from Slack",
            "Info: Nothing is heard from Slack for",
            "acknowledge investigate",
        ),
        ("relay.hearing", "⚪ Slack is heard again", "Info: Slack is heard again for", ""),
        ("relay.canary", "⚪ Canary to Slack switched", "Info: ana switched the canary to Slack for", ""),
        ("relay.transport", "⚪ Transport to Slack switched", "Info: ana switched the transport to Slack for", ""),
        ("delivery.dead", "⚪ Message not delivered", "Info: Message not delivered for", "acknowledge investigate"),
        ("delivery.in_doubt", "⚪ Message in doubt", "Info: Message in doubt for", "acknowledge investigate"),
        (
            "delivery.retried",
            "⚪ Message to be sent again",
            "Info: ana asked for another try at a message for",
            "",
        ),
        ("payment.refund_stuck", "⚪ Payment refund stuck", "Info: Payment refund stuck for", ""),
        ("payment.failed", "🔴 Payment failed", "Error: Payment failed for", "acknowledge investigate"),
    ],
)
def test_each_type_has_its_words_and_buttons(
    event_type: str, expected_header: str, expected_text: str, expected_buttons: str
) -> None:
    """Header, fallback text and buttons of every type of the contract, and of unknown ones."""
    message = rendered(event_type, DEPLOY | {"url": "https://e.example/1"}, actor="ana")
    assert header(message) == f"{expected_header}: api in production"
    assert message.text == f"{expected_text} api in production, version 1.2.3"
    menu = ["snooze"] if "acknowledge" in expected_buttons else []
    assert list(buttons(message)) == [f"pulser_{name}" for name in [*expected_buttons.split(), "open", *menu]]


def test_table_covers_the_contract() -> None:
    """The table above names every event type of the contract."""
    table = test_each_type_has_its_words_and_buttons.pytestmark[0].args[1]  # type: ignore[attr-defined]  # set by pytest
    assert {line[0] for line in table} >= set(EVENT_TYPES)


def test_an_alert_is_readable_at_a_glance() -> None:
    """The whole message of an alert, in the order of reading."""
    payload = {"service": "api", "environment": "production", "severity": "critical", "title": "Checkout 5xx"}
    payload |= {"summary": "Since the deploy.", "url": "https://g.example/d?a=1&b=2", "run_id": "r7", "region": "eu"}
    measures = {"error_rate": 0.0421, "threshold": 0.01, "window": "5m", "duration_s": 312}
    happened = event("error_rate.exceeded", payload | measures, actor="grafana", target="lb-1")
    message = render(happened, occasion(mention="here", delayed_s=42.4))
    assert shown(message).split("\n") == [
        "🚨 CRITICAL · Error rate above threshold: api in production",
        "<!here> *Checkout 5xx*",
        "Since the deploy.",
        "*Error rate*",
        "4.21 % (threshold 1 %) over 5m",
        "*Service*",
        "api",
        "*Environment*",
        "production",
        "*Severity*",
        "Critical",
        "*Duration*",
        "5 min 12 s",
        "*Run*",
        "<https://g.example/d?a=1&amp;b=2|r7>",
        "*By*",
        "grafana",
        "*Target*",
        "lb-1",
        "*region:* eu",
        "Acknowledge",
        "Investigate",
        "Open",
        "Snooze for 30 min",
        "Snooze for 2 h",
        "Snooze until 9:00",
        "<!date^1795505623^{date_short_pretty} at {time_secs}|2026-11-24 07:33:43 UTC>",
        "`error_rate.exceeded`",
        "event `1a2b3c4d`",
        "posted 42 s late",
    ]


def test_the_fallback_text_says_all_that_matters() -> None:
    """A notification or a screen reader tells mention, severity, state, subject, measure and title."""
    payload = {"service": "api", "error_rate": 4.2, "threshold": 1, "title": "Checkout\n5xx"}
    happened = event("error_rate.exceeded", payload)
    message = render(happened, occasion(mention="S0ABCDEF12"))
    assert message.text == (
        "<!subteam^S0ABCDEF12> Error: Error rate above threshold for api: 4.2 % (threshold 1 %). Checkout 5xx"
    )


def test_a_title_that_repeats_the_headline_is_left_out() -> None:
    """What the header says already is not said again."""
    message = rendered("ci.failed", {"title": "ci  FAILED", "service": "api"})
    assert message.text == "Error: CI failed for api"
    assert "FAILED" not in shown(message)


def test_a_deed_names_the_slack_user() -> None:
    """An actor that is a Slack user ID becomes a mention, in a sentence and only there."""
    message = rendered("alert.acknowledged", {"service": "api"}, actor="U0ABCDEF12")
    assert "<@U0ABCDEF12> acknowledged the alert for api." in shown(message)
    assert "*By*" not in shown(message)


def test_a_handler_names_the_slack_user_it_acted_for() -> None:
    """The ledger's own events are a person's deeds, not a function's."""
    message = rendered("alert.acknowledged", {"service": "api", "slack_user": "U0BOB"}, actor="action-handler")
    assert message.text == "Info: <@U0BOB> acknowledged the alert for api"


def test_nobody_else_names_a_slack_user() -> None:
    """A slack_user in a foreign payload mentions nobody."""
    message = rendered("alert.acknowledged", {"service": "api", "slack_user": "U0ABCDEF12"}, actor="grafana")
    assert mentions(message.to_arguments()) == set()


def test_where_a_handlers_event_came_from_is_not_told() -> None:
    """Envelope and team are for the ledger; of others' events they are shown like any unknown key."""
    payload = {"envelope_id": "e-1", "team_id": "T1"}
    assert "e-1" not in shown(rendered("slack.command", payload, actor="command-handler"))
    assert "*envelope_id:* e-1" in shown(rendered("slack.command", payload, actor="ana"))


@pytest.mark.parametrize("actor", ["command-handler", None])
def test_what_somebody_typed_is_not_told(actor: str | None) -> None:
    """A route of one's own may post slack.*: the words stay in the ledger."""
    payload = {"text": "deploy api because Dave is let go", "word": "deploy"}
    message = rendered("slack.command", payload, actor=actor, status="error")
    assert "Dave" not in str(message.to_arguments())
    assert "*word:* deploy" in shown(message)


def test_a_text_of_others_is_told() -> None:
    """Of any other event it is an unknown key like all."""
    assert "*text:* disk is full" in shown(rendered("disk.full", {"text": "disk is full"}))


@pytest.mark.parametrize("actor", ["U123", "u0abcdef12", "U0ABCDEF12>", "X0ABCDEF12", "<@U0ABCDEF12>"])
def test_other_actors_are_text(actor: str) -> None:
    """Only what is exactly a Slack user ID is mentioned."""
    assert mentions(rendered("ci.failed", {}, actor=actor).to_arguments()) == set()


def test_somebody_did_it_when_no_actor_is_known() -> None:
    """A deed without an actor is still a sentence."""
    assert rendered("deploy.approved").text == "Info: Somebody approved the deploy"


@pytest.mark.parametrize("mention", ["here", "channel", "U0ABCDEF12", "W0ABCDEF12", "S0ABCDEF12"])
def test_a_mention_stands_in_text_and_blocks(mention: str) -> None:
    """The route's mention is in the notification and in the message, also where nothing else is said."""
    message = render(event("x.y"), occasion(mention=mention))
    assert message.text.startswith("<")
    assert message.blocks[1]["text"]["text"] == message.text.split()[0]


@pytest.mark.parametrize("mention", ["everyone", "<!channel>", "U1", ""])
def test_what_is_no_mention_mentions_nobody(mention: str) -> None:
    """A mention that the routes would not allow is left out."""
    assert mentions(render(event("x.y"), occasion(mention=mention)).to_arguments()) == set()


def test_message_carries_its_delivery() -> None:
    """The metadata by which an in-doubt post is found again, and nothing unfurled."""
    arguments = rendered("ci.failed").to_arguments()
    assert arguments["metadata"] == {
        "event_type": "pulser_delivery",
        "event_payload": {"delivery_id": DELIVERY_ID, "event_id": EVENT_ID},
    }
    assert arguments["unfurl_links"] is arguments["unfurl_media"] is False


def test_open_leads_to_the_url() -> None:
    """The link button has the address as Slack wants it in a button: unescaped."""
    url = "https://ci.example/?a=1&b=2"
    assert buttons(rendered("ci.passed", {"url": url}))["pulser_open"]["url"] == url


def test_a_long_address_is_left_to_the_button() -> None:
    """The run field links only to an address of reasonable length."""
    message = rendered("ci.passed", {"run_id": "7", "url": "https://ci.example/" + "x" * 2000})
    assert links(message.to_arguments()) == set()
    assert "*Run*\n7" in shown(message)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (DEPLOY, "*Version*\n`1.2.3` · `9f8e7d6` · `main`"),
        ({"commit": "v1.0-12", "branch": "a`b"}, "*Commit*\n`v1.0-12` · `aˋb`"),
        ({"branch": "main"}, "*Branch*\n`main`"),
        ({"duration_s": 0.44}, "*Duration*\n0.4 s"),
        ({"duration_s": 5}, "*Duration*\n5 s"),
        ({"duration_s": 59.9}, "*Duration*\n59 s"),
        ({"duration_s": 3725}, "*Duration*\n1 h 02 min"),
        ({"duration_s": 270_000}, "*Duration*\n3 d 3 h"),
        ({"duration_s": 1e300}, "*Duration*\n1e+300 s"),
        ({"error_rate": 0.5}, "*Error rate*\n50 %"),
        ({"error_rate": 0.5, "threshold": 2}, "*Error rate*\n0.5 % (threshold 2 %)"),
        ({"error_rate": 0.5, "window": "300"}, "*Error rate*\n50 % over 5 min 0 s"),
    ],
)
def test_fields_are_written_for_people(payload: dict[str, Any], field: str) -> None:
    """Quantities have units; what ran stands in one field."""
    assert field in shown(rendered("ci.passed", payload))


def test_unknown_keys_are_few_and_counted() -> None:
    """Of 400 unknown keys eight are shown, and the rest is counted."""
    message = rendered("x.y", {f"key{number:03}": "v" for number in range(400)})
    assert "*key007:* v\n392 more fields not shown" in shown(message)


def test_one_field_more_is_singular() -> None:
    """Nine unknown keys: one more field."""
    assert "1 more field not shown" in shown(rendered("x.y", {f"key{number}": "v" for number in range(9)}))


def test_an_error_detail_is_told_once() -> None:
    """The row's error detail is shown, unless the summary says it already."""
    assert "Error: disk full" in shown(rendered("task.failed", {}, error_detail="disk full"))
    assert "Error: " not in shown(rendered("task.failed", {"summary": "the disk full"}, error_detail="disk full"))


def test_a_malformed_payload_is_shown_as_it_came() -> None:
    """The raw payload stands as code that its own backticks cannot end, and the alert's buttons are there."""
    message = rendered("ci.failed", "``` <!channel> *boom*")
    assert '```"ˋˋˋ &lt;!channel&gt; *boom*"```' in shown(message)
    assert message.text == "Error: CI failed (its payload cannot be read)"
    assert "pulser_acknowledge" in buttons(message)


@pytest.mark.parametrize(("delayed_s", "said"), [(None, False), (9.9, False), (10.0, True)])
def test_a_delay_worth_saying_is_said(delayed_s: float | None, said: bool) -> None:  # noqa: FBT001  a table
    """From ten seconds on, the message says how late it is."""
    message = render(event("ci.failed"), occasion(delayed_s=delayed_s))
    assert (" late" in shown(message)) is said


@pytest.mark.parametrize(
    ("created_at", "said"),
    [("1969-12-31T23:59:59Z", "1969-12-31 23:59:59 UTC"), ("2300-01-01T00:00:00Z", "2300-01-01 00:00:00 UTC")],
)
def test_a_time_beyond_slacks_clock_is_plain(created_at: str, said: str) -> None:
    """Slack's date format is used only for times it can show."""
    message = rendered("ci.failed", created_at=created_at)
    assert message.blocks[-1]["elements"][0]["text"] == said


def test_an_event_without_time_and_id_still_has_a_closing_line() -> None:
    """What is not known is not mentioned."""
    message = rendered("ci.failed", created_at=None, event_id=None)
    assert [element["text"] for element in message.blocks[-1]["elements"]] == ["`ci.failed`"]


def test_too_much_text_costs_the_unknown_keys_first() -> None:
    """Where there is no room for all, the least important goes and is counted."""
    payload = DEPLOY | {"title": '"' * 300, "summary": '"' * 4000, "url": "https://e.example/" + "x" * 2900}
    payload |= {"reason": '"' * 300, "run_id": '"' * 300}
    message = rendered("deploy.failed", payload | {f"key{at}": '"' * 300 for at in range(10)}, error_detail="\\" * 500)
    assert problems(message.to_arguments()) == []
    assert "*Service*\napi" in shown(message)
    assert "10 more fields not shown" in shown(message)


def test_far_too_much_text_costs_the_fields_too() -> None:
    """What happened, the buttons and the time stay when nothing else can."""
    keys = ["title", "summary", "service", "environment", "version", "commit", "branch", "reason", "run_id"]
    quotes = dict.fromkeys(keys, '"' * 4000)
    message = rendered("deploy.failed", quotes | {"url": "https://e.example/" + "x" * 2900}, error_detail="\\" * 500)
    assert problems(message.to_arguments()) == []
    assert "6 more fields not shown" in shown(message)
    assert [block["type"] for block in message.blocks] == ["header", "section", "context", "actions", "context"]


def test_a_huge_payload_is_a_valid_message() -> None:
    """100 kB of text in 400 keys with right-to-left text, emoji and NUL."""
    mixed = "שלום \x00 👨\u200d👩\u200d👧 <!channel> & \u202e" * 4000
    payload = dict.fromkeys(KNOWN_KEYS, mixed) | {f"{mixed[:50]}{number}": mixed for number in range(400)}
    message = rendered("deploy.failed", payload)
    assert problems(message.to_arguments()) == []
    assert message.degraded is None


def test_a_message_is_json() -> None:
    """The arguments survive the way through JSON."""
    arguments = rendered("deploy.failed", DEPLOY).to_arguments()
    assert json.loads(json.dumps(arguments)) == arguments


def test_a_failing_layout_gives_a_plain_message() -> None:
    """An event broken in a way nobody foresaw is posted as it is, and the message says why."""
    broken = dataclasses.replace(event("ci.failed", DEPLOY), duration_s="soon")  # type: ignore[arg-type]  # that is the fault
    message = render(broken, occasion(mention="here"))
    assert problems(message.to_arguments()) == []
    assert message.text == "<!here> Event ci.failed, as it came"
    assert message.degraded is not None
    assert message.degraded.startswith("TypeError")
