"""What a person is told in private, in mrkdwn: short, plain, who did it and when, or who may. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from action_handler.action import Verb
from pulser.blocks import code, escape, one_line, untrusted
from pulser.card import Card, Person
from pulser.deploy_modal import phase_in_words
from pulser.permission import is_group

_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP: Final = re.compile(r"S[A-Z0-9]{2,30}")
_NAME, _SERVICE, _VERSION = 80, 100, 100
_MOST_NAMED = 8
_SLACK_CLOCK_ENDS = 2**31

NOTHING_CHANGED: Final = "Nothing was changed."
DOING: Final[dict[Verb, str]] = {
    "acknowledge": "acknowledge alerts of",
    "investigate": "investigate alerts of",
    "snooze": "snooze alerts of",
    "rollback": "roll back",
    "approve": "approve deploys of",
    "reject": "reject deploys of",
}
_DID: Final[dict[str, str]] = {
    "acknowledged": "acknowledged this alert",
    "investigating": "began to investigate this alert",
    "approved": "approved this deploy",
    "rejected": "rejected this deploy",
    "withdrawn": "withdrew this deploy",
    "rollback": "asked for this rollback",
}
_ENDED: Final[dict[str, str]] = {
    "queued": "This deploy waits for its turn: it can be approved when the one before it has ended.",
    "started": "This deploy runs already.",
    "completed": "This deploy is done already.",
    "failed": "This deploy has failed already.",
    "expired": "This request has expired. Ask for the deploy again with `/pulser deploy`.",
    "rolling_back": "This release is being rolled back already.",
    "rolled_back": "This release was rolled back already.",
}


def already(did: str, by: Person | None, reader: str, phase: str) -> str:
    """A click that came too late: who did it before, and when."""
    if by is None:
        return f"{_ENDED.get(phase, 'Somebody was faster.')} {NOTHING_CHANGED}"
    who = "You" if by.user == reader else who_is(by)
    since = f" {_ENDED[phase]}" if phase in _ENDED and did != "rollback" else ""
    return f"{who} {_DID[did]} already{when(by.at)}.{since} {NOTHING_CHANGED}"


def rolled_back_elsewhere(service: str, by: Person | None, reader: str, release: str | None) -> str:
    """A rollback is under way that was asked for on another message: who did it, and when."""
    who = "Somebody" if by is None else "You" if by.user == reader else who_is(by)
    of = f" from {code(release, _VERSION)}" if release else ""
    at = when(by.at) if by else ""
    return f"{who} asked to roll back {_service(service)}{of} already, on another message{at}. {NOTHING_CHANGED}"


def ended(phase: str) -> str:
    """There is nothing left to decide, and nobody to name."""
    return f"{_ENDED.get(phase, 'There is nothing left to do here.')} {NOTHING_CHANGED}"


def resolved(at: datetime | None, *, is_superseded: bool = False) -> str:
    """An alert that is over by itself, or that has a newer message."""
    if is_superseded:
        return f"This alert fired again{when(at)}, and a newer message tells of it. Use that one. {NOTHING_CHANGED}"
    return f"This alert was resolved already{when(at)}. {NOTHING_CHANGED}"


def not_permitted(verb: Verb, service: str, named: Sequence[str]) -> str:
    """Who may, for one who may not."""
    return f"Only {who_may(named)} may {DOING[verb]} {_service(service)}. {NOTHING_CHANGED}"


def not_withdrawn(requester: str | None, named: Sequence[str]) -> str:
    """Who may take a deploy out of the queue, for one who may not."""
    others = [it for it in named if it != requester]
    asker = [f"{_mention(requester)}, who asked for it,"] if requester else []
    told = " and ".join([*asker, who_may(others)] if others else asker)
    return f"Only {told} may withdraw this deploy. {NOTHING_CHANGED}"


def nobody_may(verb: Verb, service: str, setting: str) -> str:
    """Nobody is named in the policy."""
    return (
        f"Nobody may {DOING[verb]} {_service(service)}: its policy names no one. "
        f"Name somebody in `{setting}` of the service in pulser.yaml. {NOTHING_CHANGED}"
    )


def could_not_check(verb: Verb, service: str) -> str:
    """Slack did not say who is in the user group."""
    return (
        f"Slack did not say whether you may {DOING[verb]} {_service(service)}, so nothing was changed. "
        "Please try again in a minute."
    )


def own_request(others: Sequence[str]) -> str:
    """The requester cannot approve himself."""
    may = f": {who_may(others)}" if others else ", but nobody else is named as an approver"
    return f"You asked for this deploy, so somebody else must approve it{may}. You can withdraw it with Reject."


def approved_before(at: datetime | None, given: int, needed: int) -> str:
    """Each approver counts once."""
    return f"You have approved this deploy already{when(at)}; {given} of {needed}. {NOTHING_CHANGED}"


def other_plan() -> str:
    """The button was drawn for something else than what the card would deploy."""
    return (
        f"This button is of an older state of the message. Look at what it says now, and press again. {NOTHING_CHANGED}"
    )


def other_release(card: Card, drawn_for: str | None) -> str:
    """The card is not of what runs now."""
    runs = f"runs {code(card.current_release, _VERSION)}" if card.current_release else "runs another release"
    of = f" is of {code(drawn_for, _VERSION)}, but" if drawn_for else " is of an older release:"
    where = f" in {untrusted(one_line(card.environment), _NAME)}" if card.environment else ""
    name = _service(card.service or "the service")
    return f"This card{of} {name}{where} {runs} now. Use the card of the newest release. {NOTHING_CHANGED}"


def odd_release(release: str | None) -> str:
    """Its name is not one that is handed to a hook."""
    return (
        f"The event calls this release {code(release or '', _VERSION)}, which is no version: letters, digits and "
        f". _ - + / @ only. Roll it back by hand. {NOTHING_CHANGED}"
    )


def unknown_service(service: str | None) -> str:
    """There is no policy, so there is no permission."""
    if not service:
        return f"This message names no service, so pulser does not know who may. {NOTHING_CHANGED}"
    return f"pulser does not know the service {_service(service)} (pulser.yaml). {NOTHING_CHANGED}"


def no_hook(verb: Verb, service: str) -> str:
    """The policy does not say how."""
    what = "roll back" if verb == "rollback" else "deploy"
    return f"pulser has not been told how to {what} {_service(service)} (pulser.yaml). {NOTHING_CHANGED}"


def no_place(missing: str) -> str:
    """A request that does not say what goes where; `missing`: service or environment."""
    return f"This request names no {missing}, so it can be neither approved nor rejected. {NOTHING_CHANGED}"


def occupied(service: str, running: str) -> str:
    """One deploy at a time; `running`: what `under_way` says of the other one."""
    return (
        f"Another deploy of {_service(service)} is in the way: {running}. "
        f"Approve this one when that has ended. {NOTHING_CHANGED}"
    )


def environment_gone(service: str, environment: str | None) -> str:
    """The service may not be deployed there any more."""
    where = untrusted(one_line(environment or "this environment"), _NAME)
    return f"{_service(service)} may not be deployed to {where} any more (pulser.yaml). {NOTHING_CHANGED}"


def wrong_card() -> str:
    """A button that does not belong to what its message stands for."""
    return f"This button does nothing here. {NOTHING_CHANGED}"


def zone_unknown() -> str:
    """9:00 is at another time in each zone."""
    return (
        "Slack did not say in which time zone you are, so pulser does not know when it is 9:00 for you. "
        f"Choose 30 min or 2 h instead, or try again in a minute. {NOTHING_CHANGED}"
    )


def bad_value(reason: str) -> str:
    """A button whose value is not ours, or is too old to be trusted."""
    if reason == "unsigned":
        return f"This message is too old for its buttons: they are not signed. {NOTHING_CHANGED}"
    return f"pulser did not make this button, so it does not obey it. {NOTHING_CHANGED}"


def unknown_event() -> str:
    """The ledger does not know what the message stands for: it was pruned."""
    return (
        "pulser no longer knows what this message stands for: it keeps that for 90 days after the last that happened. "
        f"{NOTHING_CHANGED}"
    )


def unknown_action() -> str:
    """Something that pulser does not serve."""
    return "pulser does not know this button."


def queued(service: str, environment: str, version: str, running: str, waiting: int = 0) -> str:
    """The deploy waits for its turn; `running`: what `under_way` says; `waiting`: how many wait before it."""
    before = f" behind {waiting} other{'' if waiting == 1 else 's'} that {'waits' if waiting == 1 else 'wait'}"
    return (
        f"You asked to {_deploy(service, environment, version)}. It is queued{before if waiting else ''}. "
        f"Under way now: {running}. "
        "Its message tells when its turn comes; until then you can withdraw it there."
    )


def under_way(deploy: Mapping[str, Any]) -> str:
    """Another deploy, as the ledger gives it: who asked for what, when, how far it is."""
    by = Person.from_json(deploy.get("requested"))
    who, at = (who_is(by), when(by.at)) if by else ("Somebody", "")
    version = code(str(deploy.get("version") or "?"), _VERSION)
    where = untrusted(one_line(str(deploy.get("environment"))), _NAME)
    return f"{who} asked for {version} in {where}{at}; it {escape(phase_in_words(deploy))}"


def requested(service: str, environment: str, version: str, approvers: Sequence[str] | None, needed: int = 1) -> str:
    """The deploy modal was taken; `approvers` is None when none is needed, else the `needed` or more."""
    what = _deploy(service, environment, version)
    if approvers is None:
        return f"You asked to {what}. It needs no approval and begins now."
    if needed > 1:
        return f"You asked to {what}. It waits for {needed} approvals, by {who_may(approvers, last='or')}."
    return f"You asked to {what}. It waits for the approval of {who_may(approvers, last='or')}."


def _deploy(service: str, environment: str, version: str) -> str:
    return f"deploy {code(version, _VERSION)} of {_service(service)} in {untrusted(one_line(environment), _NAME)}"


def who_may(named: Sequence[str], *, last: str = "and") -> str:
    """ "@alice, @bob and @oncall" as mentions; they notify nobody in a private note."""
    told = [_mention(it) for it in named[:_MOST_NAMED]]
    if len(named) > _MOST_NAMED:
        told.append(f"{len(named) - _MOST_NAMED} more")
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} {last} {told[-1]}"


def who_is(by: Person) -> str:
    """A mention, or the inert name of what is no Slack user's id."""
    if _PERSON.fullmatch(by.user):
        return f"<@{by.user}>"
    return untrusted(one_line(by.name or by.user), _NAME) or "Somebody"


def when(at: datetime | None) -> str:
    """ ", today at 7:33 AM" in the reader's own time zone; empty when it is not known."""
    if at is None or not 0 <= at.timestamp() < _SLACK_CLOCK_ENDS:
        return ""
    plainly = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f", <!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time_secs}}|{plainly}>"


def _mention(name: str) -> str:
    if is_group(name) and _GROUP.fullmatch(name):
        return f"<!subteam^{name}>"
    return f"<@{name}>" if _PERSON.fullmatch(name) else untrusted(one_line(name), _NAME)


def _service(name: str) -> str:
    return code(name, _SERVICE)
