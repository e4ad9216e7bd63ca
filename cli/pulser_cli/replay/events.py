"""A stored event: what became of it, and what the code and the routes of now would make of it. Pure.

Compared are the channels and mentions that the ledger has deliveries for, whatever Slack said to these; whether the
event is a card (a card has buttons, what is none has no button that acts); and whether the layout holds. What an event
did to a card depends on the card as it was: where it changed one, its channels count as right if that card stood there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from notify_dispatch.event import Event
from notify_dispatch.intended import intended
from notify_dispatch.render import Occasion, render
from notify_dispatch.render.standing import kind_of
from notify_dispatch.route import ALONE, Route
from pulser_cli.replay.difference import Aspect, Compared, Difference

GONE: Final = "left out: the event is not in ops.platform_events any more"
NO_ROUTES: Final = "left out: there was no route yet but the default one"
NO_CARD: Final = "left out: the card that it changed is not kept any more"
NOWHERE: Final = "nowhere"

Json = Mapping[str, Any]
Mentions = dict[str, str | None]  # channel → who is mentioned there
_NOBODY = str(UUID(int=0))  # the delivery of a message that is not sent
_NO_KEY = "of a replay"  # signs buttons that nobody can press


def compare_event(stored: Json, routes: Sequence[Route], places: Mapping[str, str]) -> Compared:
    """An element of replay_events_v1. `places`: the IDs of channels by name, where the ledger knows them."""
    if "event_type" not in stored["event"]:
        return Compared.left_out(GONE)
    if _is_before_routes(stored, routes):
        return Compared.left_out(NO_ROUTES)
    if stored["card_id"] and stored["card_channels"] is None:
        return Compared.left_out(NO_CARD)
    event = Event.from_json(stored["event"])
    meant = intended(event, routes)
    if stored.get("is_silenced"):
        return _compare_silenced(stored, meant, event, places)
    then, now = _posted(stored, places), _would_post(stored, meant, places)
    found = [
        *_channels(then, now),
        *_mentions(then, now),
        # What fired again is the alert that has the card.
        *_card("alert" if stored["is_repeat"] else stored["card"], meant, event),
        *_layout(event, next(iter(now.values()), None)),
    ]
    return Compared(tuple(Difference(event.event_type, *it) for it in found))


Found = Iterator[tuple[Aspect, str, str]]


def _compare_silenced(stored: Json, meant: Json, event: Event, places: Mapping[str, str]) -> Compared:
    """It had no message, and no card, because somebody wanted none: compared is where it would have gone."""
    then = _once([(it["channel"], None) for it in stored["verdicts"] or () if it["used"]], places)
    now = _once([(it["channel"], None) for it in meant["deliveries"]], places)
    found = [*_channels(then, now), *_layout(event, None)]
    return Compared(tuple(Difference(event.event_type, *it) for it in found))


def _is_before_routes(stored: Json, routes: Sequence[Route]) -> bool:
    """Whether nobody had applied any routes yet: the reasons and verdicts of then say that there was no other."""
    if len(routes) <= 1:
        return False
    if stored["posts"]:
        return all(ALONE in (it["why"] or "") for it in stored["posts"])
    return stored["verdicts"] is not None and len(stored["verdicts"]) <= 1


def _posted(stored: Json, places: Mapping[str, str]) -> Mentions:
    return _once([(it["channel"], it["mention"]) for it in stored["posts"]], places)


def _would_post(stored: Json, meant: Json, places: Mapping[str, str]) -> Mentions:
    """As record_deliveries_v1 decides: not beside the card that the event tells of."""
    now = _once([(it["channel"], it["mention"]) for it in meant["deliveries"]], places)
    if not (stored["card_id"] and any(meant[it] for it in ("card_id", "deploy_result", "alert", "resolves"))):
        return now
    posted = {it["channel"] for it in stored["posts"]}
    taken = {_place(it, places) for it in stored["card_channels"] if it not in posted}
    return {channel: mention for channel, mention in now.items() if _place(channel, places) not in taken}


def _once(posts: Sequence[tuple[str, str | None]], places: Mapping[str, str]) -> Mentions:
    """A channel once, though it be named in two ways; named as a name where one is known."""
    names = {place: name for name, place in places.items() if name.startswith("#")}
    found: Mentions = {}
    for channel, mention in posts:
        found.setdefault(names.get(_place(channel, places), channel), mention)
    return found


def _place(channel: str, places: Mapping[str, str]) -> str:
    return places.get(channel, channel)


def _channels(then: Mentions, now: Mentions) -> Found:
    if then.keys() != now.keys():
        yield "channels", _named(then), _named(now)


def _named(channels: Mentions) -> str:
    return ", ".join(sorted(channels)) or NOWHERE


def _mentions(then: Mentions, now: Mentions) -> Found:
    for channel in sorted(then.keys() & now.keys()):
        if then[channel] != now[channel]:
            yield "mention", _mentioned(channel, then[channel]), _mentioned(channel, now[channel])


def _mentioned(channel: str, mention: str | None) -> str:
    return f"{channel} mentioning {mention or 'nobody'}"


def _card(then: str | None, meant: Json, event: Event) -> Found:
    now = meant["card"] and meant["card"]["kind"]
    if then == "deploy" and (kind_of(event) == "deploy" or event.event_type == "deploy.started"):
        return  # whoever asked for the deploy wrote its card; one that began by itself has one where no other runs
    if then != now:
        yield "card", _kind(then), _kind(now)


def _kind(kind: str | None) -> str:
    return f"a card with buttons ({kind})" if kind else "no card, no buttons"


def _layout(event: Event, mention: str | None) -> Found:
    """What the ledger does not know is how it was then: that it holds is taken for granted."""
    degraded = render(event, Occasion(_NOBODY, mention=mention, button_key=_NO_KEY)).degraded
    if degraded:
        yield "layout", "its layout", f"plain text: {degraded.partition(':')[0]}"
