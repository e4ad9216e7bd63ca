"""What was done about a card, line by line: who, what, when. Only the ledger's card state makes a mention here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.phrases import called, line_of, mentioned, see, when
from notify_dispatch.render.quorum import is_vote, queue, votes, waiting, was_under_way
from notify_dispatch.render.repeats import resolved, seen
from notify_dispatch.render.standing import tells_rollback, was_withdrawn
from pulser.blocks import code
from pulser.card import Card, Person, moment

_VERSION, _REASON, _ANSWER = 60, 150, 200
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_HOOK: Final = {"queued": "is being called", "accepted": "accepted", "failed": "failed"}
_RESULTS: Final = {"started", "completed", "failed"}

Line = tuple[datetime | None, str]


def history(card: Card | None) -> SectionBlock | None:
    """The lines in the order of time; None when nothing was done yet."""
    lines = [] if card is None else [line for tell in _TELLERS for line in tell(card)]
    # To the second, as the ledger's own times are: of one second, what caused comes before what followed.
    told = [text for _, text in sorted(lines, key=lambda line: line[0].replace(microsecond=0) if line[0] else _NEVER)]
    return SectionBlock(text=mrkdwn("\n".join(told))) if told else None


def _requested(card: Card) -> Iterator[Line]:
    asked = card.person("requested")
    if asked:
        reason = line_of(card.state["requested"].get("reason"), _REASON)
        yield asked.at, _line("Requested", asked, f": {reason}" if reason else "")


def _approval(card: Card) -> Iterator[Line]:
    decision, by = _part(card, "approval").get("decision"), card.person("approval", "by")
    yield from votes(card)
    if by and decision in ("approved", "rejected", "withdrawn"):
        if decision == "approved" and is_vote(card, by):
            return
        rejected = "Withdrawn" if was_withdrawn(card) else "Rejected"
        yield by.at, _line("Approved" if decision == "approved" else rejected, by)
    elif decision == "not_needed":
        asked = card.person("requested")
        yield asked.at if asked else None, "No approval is needed"
    elif card.kind == "deploy" and card.phase in ("requested", "expired") and not was_under_way(card):
        yield None, waiting(card)


def _acknowledged(card: Card) -> Iterator[Line]:
    by = card.person("acknowledged")
    if by:
        yield by.at, _line("Acknowledged", by)


def _investigating(card: Card) -> Iterator[Line]:
    by = card.person("investigating")
    if by:
        yield by.at, _line("Under investigation", by)


def _started(card: Card) -> Iterator[Line]:
    """Of a deploy that was not asked for in Slack."""
    told = _part(card, "started")
    if told and _part(card, "result").get("what") != "started":
        at, actor = moment(told.get("at")), line_of(told.get("actor"), _VERSION)
        yield at, f"Deploy started{f' by {actor}' if actor else ''}{when(at)}"


def _snoozed(card: Card) -> Iterator[Line]:
    by, ends_at = card.person("snoozed"), moment(_part(card, "snoozed").get("until"))
    if by and ends_at and card.phase == "open":
        yield by.at, f"{_line('Snoozed', by)} until {when(ends_at).removeprefix(', ')}"


def _reminded(card: Card) -> Iterator[Line]:
    told = card.reminded
    count, at = told.get("count"), moment(told.get("at"))
    if not isinstance(count, int) or count < 1:
        return
    often, whom = "once" if count == 1 else f"{count} times", called(told.get("mentioned"))
    last = f", last mentioned {whom}{when(moment(told.get('mentioned_at')))}" if whom else when(at)
    yield at, f"Reminded {often}{last}"


def _rollback(card: Card) -> Iterator[Line]:
    by = card.person("rollback")
    if by:
        release = line_of(card.state["rollback"].get("release"), _VERSION) or card.release
        of = f" of {code(release, _VERSION)}" if release else ""
        yield by.at, _line(f"Rollback{of} requested", by)


def _hook(card: Card) -> Iterator[Line]:
    told = _part(card, "hook")
    words = _HOOK.get(str(told.get("status")))
    if words is None:
        return
    action = told.get("action") or ("rollback" if card.kind == "release" else "deploy")
    name = "Rollback hook" if action == "rollback" else "Deploy hook"
    why = line_of(told.get("text"), _ANSWER) if words == "failed" else ""
    at = moment(told.get("at"))
    yield at, f"{name} {words}{when(at)}{f': {why}' if why else ''}{see(told.get('url'), 'see the run')}"


def _given_up(card: Card) -> Iterator[Line]:
    told = _part(card, "expired")
    if told.get("was") in ("approved", "started"):
        at = moment(told.get("at"))
        yield at, f"Nothing was heard of it for two hours{when(at)}"


def _result(card: Card) -> Iterator[Line]:
    told = _part(card, "result")
    what = told.get("what") or str(told.get("event_type") or "").partition(".")[2]
    if what not in _RESULTS:
        return
    version, at = line_of(told.get("version"), _VERSION), moment(told.get("at"))
    of = f": version {code(version, _VERSION)}" if version else ""
    name = "Rollback" if tells_rollback(card) else "Deploy"
    why = line_of(told.get("text"), _ANSWER) if what == "failed" else ""
    yield at, f"{name} {what}{when(at)}{of}{f': {why}' if why else ''}{see(told.get('url'), 'see it')}"


# In the order of telling where times are equal or unknown.
_TELLERS: Final[tuple[Callable[[Card], Iterator[Line]], ...]] = (
    seen,
    _requested,
    _started,
    queue,
    _approval,
    _reminded,
    _snoozed,
    _acknowledged,
    _investigating,
    _rollback,
    _hook,
    _result,
    _given_up,
    resolved,
)


def _line(deed: str, by: Person, told: str = "") -> str:
    return f"{deed} by {mentioned(by)}{when(by.at)}{told}"


def _part(card: Card, name: str) -> Mapping[str, Any]:
    part = card.state.get(name)
    return part if isinstance(part, Mapping) else {}
