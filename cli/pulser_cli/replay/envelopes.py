"""A stored click or command: what became of it, and how the code of now would understand it. Pure.

Compared is what the ledger still knows enough for: what was understood (which button, of which card; which command),
the outcome of what does not depend on any state (help, words that are no command, links, a closed modal), the words of
a deploy's form that are wrong whatever the service is, and the outcome of Acknowledge and Investigate: an alert's card
keeps who did either, and when, so it can be put back; and so with Snooze, but for 9:00, which is at another time for
each. A service's policy, Slack's groups and the cards of deploys and releases are not kept as they were, so what
Approve, Reject, Rollback and the other commands lead to is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from action_handler.action import DeploySubmission, Nothing, Press, SilencePress, read_action
from action_handler.decide import Situation, decide
from command_handler.command import is_command, read_command, text_of
from command_handler.help import help_text, not_understood
from pulser.button_value import said_choice, said_event
from pulser.card import Card, moment
from pulser.deploy_modal import REASON, VERSION, read_deploy_form, validate
from pulser.envelope import Envelope
from pulser.permission import Membership
from pulser.snooze import UNTIL_NINE
from pulser_cli.replay.difference import Aspect, Compared, Difference

NOT_DONE: Final = "left out: not carried out (a duplicate, expired, failed, or still under way)"
NO_AUDIT: Final = "left out: the audit event is not in ops.platform_events any more"
NO_STATE: Final = (
    "only as far as it was understood: the outcome depended on what is not kept (policy, groups, card, Slack)"
)
TOO_CLOSE: Final = "only as far as it was understood: something else happened to its card within two seconds"

Json = Mapping[str, Any]
Found = Iterator[tuple[Aspect, str, str]]
_DEEDS: Final = {"acknowledge": "acknowledged", "investigate": "investigating"}
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)  # tells how long ago a running deploy was asked for: there is none
_SKEW: Final = 2.0  # seconds that a handler's clock and the database's may differ
_ANY_NAME: Final = "/pulser"
_STATELESS: Final = (VERSION, REASON)


def compare_envelope(stored: Json) -> Compared:
    """An element of replay_envelopes_v1."""
    if stored["status"] != "completed" or stored["handler"] is None:
        return Compared.left_out(NOT_DONE)
    if not stored["events"]:
        return Compared.left_out(NO_AUDIT)
    envelope = Envelope.from_ledger(stored)
    return _command(envelope, stored) if stored["handler"] == "command-handler" else _action(envelope, stored)


def _action(envelope: Envelope, stored: Json) -> Compared:
    audit = _audit(stored)
    match read_action(envelope):
        case Press() as press:
            return _press(press, stored)
        case DeploySubmission() as submission:
            now = ("deploy", _wrong(validate(read_deploy_form(submission.view), None, (), _ANY_TIME)))
            then = (_done_then(audit), _wrong(audit["payload"].get("errors")))
            return _compared("modal deploy", then, now, NO_STATE)
        case SilencePress():
            return _compared("button silence", (_done_then(audit), ""), ("silence", ""), NO_STATE)
        case Nothing() as nothing:
            now = (nothing.what, f"{'refused' if nothing.refused else 'none'}: {nothing.reason}")
            return _compared(now[0], (_done_then(audit), _outcome_then(audit)), now)


def _press(press: Press, stored: Json) -> Compared:
    audit, subject = _audit(stored), f"button {press.verb}"
    card_id = audit["payload"].get("card_id")
    found = list(_understood(_done_then(audit), press.verb))
    about = said_event(press.value)
    if card_id and about != card_id:
        found.append(("understood", "its card", "another card" if about else "no card"))
    why: str | None = NO_STATE
    card = _card_then(stored, press, audit) if about == card_id else None
    if isinstance(card, str):
        why = card
    elif card is not None:
        why = None
        decision = decide(Situation(press, card, None, Membership(), _at(stored), choice=said_choice(press.value)))
        now = decision.event_type if decision.outcome == "done" else f"{decision.outcome}: {decision.reason}"
        then = _outcome_then(audit)
        found += [("outcome", then, now)] if then != now else []
    return Compared(tuple(Difference(subject, *it) for it in found), why)


def _card_then(stored: Json, press: Press, audit: Json) -> Card | str | None:
    """The alert's card as the press met it; a text says why it cannot be told. None: it is of another kind."""
    if stored["card"] is None or stored["card"]["kind"] != "alert" or press.verb not in {*_DEEDS, "snooze"}:
        return None
    if press.verb == "snooze" and said_choice(press.value) == UNTIL_NINE:
        return NO_STATE
    card, met = Card.from_json(stored["card"]), {}
    for part in _DEEDS.values():
        by = card.person(part)
        is_own = audit["event_type"] == f"alert.{part}" and by is not None and by.user == press.user
        if by is None or is_own:
            continue
        if by.at is None or abs((by.at - _at(stored)).total_seconds()) < _SKEW:
            return TOO_CLOSE
        if by.at < _at(stored):
            met[part] = card.state[part]
    phase = next((part for part in ("investigating", "acknowledged") if part in met), "open")
    over = card.state.get("resolved")
    over_at = moment(over.get("at")) if isinstance(over, Mapping) else None
    if over_at is not None and abs((over_at - _at(stored)).total_seconds()) < _SKEW:
        return TOO_CLOSE
    if over_at is not None and over_at < _at(stored):
        phase, met["resolved"] = "resolved", over
    return replace(card, phase=phase, state=met)


def _command(envelope: Envelope, stored: Json) -> Compared:
    audit = _audit(stored)
    if not is_command(envelope):
        return _compared("event", (audit["event_type"], ""), ("slack.event", ""))
    command = read_command(text_of(envelope))
    word, then = command.word or "no command", audit["payload"]
    understood = (then.get("word") or "no command") if audit["event_type"] == "slack.command" else audit["event_type"]
    if command.word not in (None, "help"):
        return _compared(f"command {word}", (understood, ""), (word, ""), NO_STATE)
    said = help_text(_ANY_NAME) if command.word else not_understood(_ANY_NAME, command)
    return _compared(f"command {word}", (understood, str(then.get("outcome"))), (word, said.outcome))


def _compared(subject: str, then: tuple[str, str], now: tuple[str, str], why: str | None = None) -> Compared:
    """(what was understood, what came of it), then and now."""
    found = list(_understood(then[0], now[0]))
    if then[1] != now[1]:
        found.append(("outcome", then[1], now[1]))
    return Compared(tuple(Difference(subject, *it) for it in found), why)


def _understood(then: str, now: str) -> Found:
    if then != now:
        yield "understood", then, now


def _audit(stored: Json) -> Json:
    """The audit event of what was done; its payload is an object of ours."""
    audit: Json = stored["events"][0]
    payload = audit.get("payload")
    return {**audit, "payload": payload if isinstance(payload, Mapping) else {}}


def _done_then(audit: Json) -> str:
    """What was understood: a request for a deploy says it by its type."""
    return "deploy" if audit["event_type"] == "deploy.requested" else str(audit["payload"].get("action"))


def _outcome_then(audit: Json) -> str:
    if audit["event_type"] != "slack.action":
        return str(audit["event_type"])
    return f"{audit['payload'].get('outcome')}: {audit['payload'].get('reason')}"


def _wrong(errors: object) -> str:
    """Which fields are wrong, of those that can be told without the service."""
    named = [it for it in _STATELESS if isinstance(errors, Mapping) and it in errors]
    return f"wrong: {', '.join(named)}" if named else "nothing wrong in itself"


def _at(stored: Json) -> datetime:
    """When it was settled."""
    at = moment(stored["processed_at"])
    if at is None:
        raise ValueError("a completed envelope says when")
    return at
