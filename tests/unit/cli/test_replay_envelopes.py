"""What a replay says of a stored click or command: what is compared, and what is honestly not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pulser.button_value import ButtonValue, sign
from pulser_cli.replay.envelopes import NO_AUDIT, NO_STATE, NOT_DONE, TOO_CLOSE, compare_envelope

CARD = "11111111-1111-4111-8111-111111111111"
NOW = datetime.now(UTC)


def at(seconds: float) -> str:
    """So long from the press."""
    return (NOW + timedelta(seconds=seconds)).isoformat()


def by(user: str, seconds: float) -> dict[str, Any]:
    return {"user": user, "name": user, "at": at(seconds)}


def envelope(type_: str, payload: dict[str, Any], event_type: str, **audit: Any) -> dict[str, Any]:  # noqa: ANN401
    """As replay_envelopes_v1 gives it."""
    handler = "action-handler" if type_ == "interactive" else "command-handler"
    told = {"envelope_id": "e", "team_id": "T", "type": type_, "payload": {"team": {"id": "T"}, **payload}}
    ended = {"handler": handler, "status": "completed", "processed_at": at(0), "card": None}
    return {**told, **ended, "events": [{"event_type": event_type, "payload": audit}]}


def press(
    verb: str,
    event_type: str,
    *,
    about: str = CARD,
    kind: str = "alert",
    state: dict[str, Any] | None = None,
    **audit: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """U1 pressed a button; the card is in `state` by now."""
    value = sign(ButtonValue(about, "d"), "a key of long ago", f"pulser_{verb}")
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ada"},
        "actions": [{"action_id": f"pulser_{verb}", "value": value}],
    }
    card = {
        "card_id": CARD, "version": 3, "kind": kind, "service": "api", "environment": None, "release": None,
        "phase": "investigating", "state": state or {},
    }  # fmt: skip
    return envelope("interactive", payload, event_type, **{"action": verb, "card_id": CARD, **audit}) | {"card": card}


def command(text: str, word: str | None, outcome: str = "answered") -> dict[str, Any]:
    payload = {"command": "/pulser", "text": text, "user_id": "U1", "team_id": "T"}
    return envelope("slash_commands", payload, "slack.command", word=word, outcome=outcome)


def differences(it: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one.aspect, one.then, one.now) for one in compare_envelope(it).differences]


ACKNOWLEDGED = {"acknowledged": by("U1", -1)}


@pytest.mark.parametrize(
    "it",
    [
        press("acknowledge", "alert.acknowledged", state=ACKNOWLEDGED),
        press("acknowledge", "alert.acknowledged", state=ACKNOWLEDGED | {"investigating": by("U2", 60)}),
        press(
            "investigate", "alert.investigating", state={"acknowledged": by("U1", -90), "investigating": by("U1", -1)}
        ),
        press(
            "acknowledge", "slack.action", outcome="late", reason="acknowledged", state={"acknowledged": by("U2", -9)}
        ),
        press(
            "acknowledge", "slack.action", outcome="late", reason="acknowledged", state={"acknowledged": by("U1", -9)}
        ),
        press(
            "acknowledge", "slack.action", outcome="late", reason="investigating", state={"investigating": by("U2", -9)}
        ),
    ],
)
def test_what_an_alert_met_is_put_back(it: dict[str, Any]) -> None:
    """Its card keeps who acknowledged it, and when: what came later, or by the press itself, is taken off."""
    compared = compare_envelope(it)
    assert (compared.differences, compared.not_compared) == ((), None)


def snoozed(choice: str, event_type: str = "alert.snoozed", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """U1 chose an option of the menu."""
    stored = press("snooze", event_type, **more)
    value = sign(ButtonValue(CARD, "d", choice=choice), "a key of long ago", "pulser_snooze")
    stored["payload"]["actions"] = [{"action_id": "pulser_snooze", "selected_option": {"value": value}}]
    return stored


def test_a_snooze_is_decided_again_but_for_nine() -> None:
    """9:00 is at another time for each, and where somebody was is not kept."""
    assert compare_envelope(snoozed("2h")).not_compared is None
    assert differences(snoozed("2h")) == differences(snoozed("9am")) == []
    assert compare_envelope(snoozed("9am")).not_compared == NO_STATE
    late = snoozed("2h", "slack.action", outcome="late", reason="acknowledged", state={"acknowledged": by("U2", -9)})
    assert differences(late) == []
    assert differences(snoozed("2h", state={"acknowledged": by("U2", -9)})) == [
        ("outcome", "alert.snoozed", "late: acknowledged")
    ]


def test_another_outcome_of_a_press_differs() -> None:
    """Nobody had acknowledged it, and yet the press was late."""
    it = press("acknowledge", "slack.action", outcome="late", reason="acknowledged")
    assert differences(it) == [("outcome", "late: acknowledged", "alert.acknowledged")]


def test_a_close_race_is_not_judged() -> None:
    """The clocks of two machines may differ by more than the two people."""
    it = press(
        "investigate", "alert.investigating", state={"acknowledged": by("U2", -1), "investigating": by("U1", -1)}
    )
    assert (differences(it), compare_envelope(it).not_compared) == ([], TOO_CLOSE)


@pytest.mark.parametrize("verb", ["approve", "reject", "rollback"])
def test_what_needed_a_policy_is_only_understood(verb: str) -> None:
    """The policy, the groups and the card of then are not kept."""
    compared = compare_envelope(press(verb, "slack.action", kind="deploy", outcome="refused", reason="not_permitted"))
    assert (compared.differences, compared.not_compared) == ((), NO_STATE)


def test_a_button_that_is_understood_otherwise_differs() -> None:
    """The audit names another verb, or another card."""
    assert differences(press("approve", "slack.action", action="reject")) == [("understood", "reject", "approve")]
    assert differences(press("approve", "slack.action", about=CARD.replace("1", "2"))) == [
        ("understood", "its card", "another card")
    ]


def test_a_link_and_a_closed_modal_have_no_effect_still() -> None:
    """Their outcome depends on nothing."""
    opened = {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "pulser_open"}]}
    told = {"action": "open", "reason": "a_link"}
    assert differences(envelope("interactive", opened, "slack.action", **told, outcome="none")) == []
    assert differences(envelope("interactive", opened, "slack.action", **told, outcome="refused")) == [
        ("outcome", "refused: a_link", "none: a_link")
    ]


@pytest.mark.parametrize(("version", "errors", "differs"), [
    ("1.2", {}, 0), ("-rf", {"version": "made of letters"}, 0), ("1.2", {"version": "no"}, 1),
    ("1.2", {"service": "no such service"}, 0),
])  # fmt: skip
def test_of_a_form_only_what_is_wrong_in_itself_is_compared(version: str, errors: dict[str, str], differs: int) -> None:
    """Which services there were is not kept; what a version may look like needs none."""
    typed = {"service": "api", "version": version, "environment": "production", "reason": "a fix"}
    values = {name: {name: {"type": "plain_text_input", "value": it}} for name, it in typed.items()}
    view = {"callback_id": "pulser_deploy", "state": {"values": values}}
    payload = {"type": "view_submission", "user": {"id": "U1"}, "view": view}
    it = envelope("interactive", payload, "slack.action", action="deploy", outcome="refused", errors=errors)
    assert (len(differences(it)), compare_envelope(it).not_compared) == (differs, NO_STATE)


@pytest.mark.parametrize(
    ("text", "word", "outcome", "not_compared"),
    [
        ("status api", "status", "refused", NO_STATE),
        ("help", "help", "answered", None),
        ("depoly", None, "refused", None),
    ],
)
def test_a_command_is_understood_still(text: str, word: str | None, outcome: str, not_compared: str | None) -> None:
    """Of help and of what is no command the outcome is compared, too."""
    compared = compare_envelope(command(text, word, outcome))
    assert (compared.differences, compared.not_compared) == ((), not_compared)


def test_a_command_that_is_understood_otherwise_differs() -> None:
    """What was no command then is one now. What was typed is not told."""
    assert differences(command("status secret", None, "refused")) == [("understood", "no command", "status")]


def test_an_event_that_is_only_audited_does_not_differ() -> None:
    """Nobody waits for it."""
    payload = {"team_id": "T", "event": {"type": "member_joined_channel", "user": "U1"}}
    assert differences(envelope("events_api", payload, "slack.event", event="member_joined_channel")) == []


@pytest.mark.parametrize(
    ("changes", "why"), [({"status": "failed"}, NOT_DONE), ({"handler": None}, NOT_DONE), ({"events": []}, NO_AUDIT)]
)
def test_what_was_not_carried_out_is_left_out(changes: dict[str, Any], why: str) -> None:
    """And says why."""
    compared = compare_envelope(command("help", "help") | changes)
    assert (compared.is_left_out, compared.not_compared) == (True, why)
