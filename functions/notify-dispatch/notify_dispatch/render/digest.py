"""A digest: one message for the events that waited in a channel when its pace was spent. It has no buttons.

What it tells is as digest_facts_v1 counts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from slack_sdk.models.blocks import ContextBlock, HeaderBlock, PlainTextObject, SectionBlock

from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import when
from notify_dispatch.render.words import TITLE, duration
from pulser.blocks import code, fit, one_line, untrusted
from pulser.card import moment

Json = Mapping[str, Any]

_TYPE, _SERVICE = 80, 40  # characters
_ROOM = 2_800  # characters of all lines together: a section has 3,000, the text of an update 4,000
_WORTH_SAYING_S = 1


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many events of a type there are, and of which services. `more_services`: how many are not named."""

    event_type: str
    count: int
    services: tuple[tuple[str, int], ...] = ()
    more_services: int = 0

    @classmethod
    def from_json(cls, told: Json) -> Self:
        """As digest_facts_v1 tells it."""
        services = tuple((str(it["service"]), int(it["count"])) for it in told.get("services") or ())
        return cls(str(told["event_type"]), int(told["count"]), services, int(told.get("more_services") or 0))


def render_digest(delivery_id: str, event_id: str, facts: Json) -> Message:
    """The message for a digest. `delivery_id`: the post's, also when it is changed; `event_id`: its first event.

    Always gives a message that Slack takes. Should the layout fail, the plain one stands in and says so in `degraded`.
    """
    try:
        counts = [TypeCount.from_json(it) for it in facts.get("types") or ()]
        lines = _fitting(counts, int(facts.get("more_types") or 0), int(facts.get("more_events") or 0))
        headline, span = _events(facts), _span(facts)
        said = f"{headline}{span}: {', '.join(lines)}"
        blocks = [
            HeaderBlock(text=PlainTextObject(text=headline, emoji=False)),
            SectionBlock(text=mrkdwn("\n".join(f"• {line}" for line in lines) or headline)),
            *(SectionBlock(text=mrkdwn(text)) for text in _alerts(facts)),
            ContextBlock(
                elements=[mrkdwn(text) for text in (*_closing(facts, span), f"each: {_listing(delivery_id)}")]
            ),
        ]
        return Message(said, tuple(block.to_dict() for block in blocks), event_id, delivery_id)
    except Exception as error:  # noqa: BLE001  that there were events is told, whatever the layout stumbles over
        degraded = fit(f"{type(error).__name__}: {error}", TITLE)
        return render_plain_digest(delivery_id, event_id, facts, degraded=degraded)


def render_plain_digest(delivery_id: str, event_id: str, facts: Json, degraded: str | None = None) -> Message:
    """Only how many events there are, and where to read of them. Always valid."""
    said = f"{_events(facts)} came faster than Slack takes messages. Each: {_listing(delivery_id)}"
    block = SectionBlock(text=mrkdwn(said)).to_dict()
    return Message(said, (block,), event_id, delivery_id, degraded=degraded)


def _events(facts: Json) -> str:
    count = facts.get("events")
    return _many(count, "event") if isinstance(count, int) else "Events"


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def _fitting(counts: Sequence[TypeCount], more_types: int, more_events: int) -> list[str]:
    """A line for each type, in their order, as far as there is room; then one for all others."""
    lines: list[str] = []
    room = _ROOM
    for at, count in enumerate(counts):
        line = _line(count)
        room -= len(line) + len("\n• ")
        if room < 0:
            more_types += len(counts) - at
            more_events += sum(it.count for it in counts[at:])
            break
        lines.append(line)
    if more_types:
        lines.append(f"… and {_many(more_types, 'more type')}: {_many(more_events, 'event')}")
    return lines


def _line(count: TypeCount) -> str:
    """ "*120* `ci.failed` (api 80, web 40, 3 more services)"."""
    services = [f"{untrusted(one_line(name), _SERVICE) or '–'} {number:,}" for name, number in count.services]
    if count.more_services:
        services.append(_many(count.more_services, "more service"))
    of = f" ({', '.join(services)})" if services else ""
    return f"*{count.count:,}* {code(count.event_type, _TYPE) or 'unknown'}{of}"


def _span(facts: Json) -> str:
    """ ", today 10:02 AM to today 10:04 AM", in the reader's time zone."""
    first, last = when(moment(facts.get("from"))), when(moment(facts.get("to")))
    if not first or not last or first == last:
        return first or last
    return f"{first} to {last.removeprefix(', ')}"


def _alerts(facts: Json) -> Iterator[str]:
    count = facts.get("open_alerts")
    if isinstance(count, int) and count > 0:
        are, they = ("is", "It has") if count == 1 else ("are", "They have")
        yield (
            f"*{_many(count, 'open alert')}* {are} among them. {they} no buttons here: see `/pulser status` with the "
            "service."
        )


def _listing(delivery_id: str) -> str:
    """What lists each event. So few digits of the digest's id as the command takes: nobody wants to type more."""
    return f"`pulser ledger list --digest {delivery_id[:8]}`"


def _closing(facts: Json, span: str) -> Iterator[str]:
    if span:
        yield span.removeprefix(", ")
    waited = facts.get("waited_s")
    if isinstance(waited, int | float) and waited >= _WORTH_SAYING_S:
        yield f"waited up to {duration(float(waited))} for Slack's limit of one message a second"
    else:
        yield "one message, for Slack's limit of one a second"


__all__: Final = ["TypeCount", "render_digest", "render_plain_digest"]
