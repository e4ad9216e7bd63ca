"""An event as a Slack message: what happened, the facts, what one can do, where it comes from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, PlainTextObject, SectionBlock

from notify_dispatch.event import Event
from notify_dispatch.render.buttons import buttons
from notify_dispatch.render.fields import closing, extras, fields, more, mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.words import TITLE, fallback, header, mention_markup, own_title, sentence
from pulser.blocks import HEADER_TEXT, Part, fit, fit_parts, plain, untrusted

__all__ = ["Message", "render", "render_plain"]

_SUMMARY, _DETAIL, _RAW, _DELIVERY_ID = 1500, 500, 1500, 100


def render(event: Event, *, delivery_id: str, mention: str | None = None, delayed_s: float | None = None) -> Message:
    """The message for `event`; `mention` as in the route, `delayed_s` how long
    ago the event was recorded.

    Always gives a message that Slack takes. Should the layout fail, the plain one stands in and says so in
    `degraded`.
    """
    delivery_id = delivery_id[:_DELIVERY_ID]
    try:
        parts = list(_parts(event, delivery_id, mention, delayed_s))
        blocks = fit_parts(parts, lambda count: ContextBlock(elements=[mrkdwn(more(count))]).to_dict())
        return Message(fallback(event, mention), tuple(blocks), event.event_id, delivery_id)
    except Exception as error:  # noqa: BLE001  an event is never dropped, whatever its layout stumbles over
        plainly = render_plain(event, delivery_id=delivery_id, mention=mention)
        return dataclasses.replace(plainly, degraded=fit(f"{type(error).__name__}: {error}", TITLE))


def render_plain(event: Event, *, delivery_id: str, mention: str | None = None) -> Message:
    """`event` as one block of text that depends on nothing but the event's being one. Always valid."""
    told = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    facts = "\n".join(f"{name}: {value}" for name, value in told.items() if value not in (None, "", ()))
    said = f"{mention_markup(mention)} Event {untrusted(str(event.event_type), TITLE)}, as it came".lstrip()
    block = SectionBlock(text=mrkdwn(f"{said}:\n{_quoted(facts)}")).to_dict()
    return Message(said, (block,), str(event.event_id), delivery_id[:_DELIVERY_ID])


def _parts(event: Event, delivery_id: str, mention: str | None, delayed_s: float | None) -> Iterator[Part]:
    """The blocks in the order of reading. Where room is short, unknown keys go first, then the fields."""
    yield _part(HeaderBlock(text=PlainTextObject(text=plain(header(event), HEADER_TEXT), emoji=False)))
    lead = _lead(event, mention)
    if lead:
        yield _part(SectionBlock(text=mrkdwn(lead)))
    facts = fields(event)
    yield _part(SectionBlock(fields=facts), importance=1, fields=len(facts))
    more_facts = extras(event)
    if more_facts:
        yield _part(more_facts, importance=2, fields=len(event.extra))
    row = buttons(event, delivery_id)
    if row:
        yield _part(row)
    yield _part(closing(event, delayed_s))


def _part(block: Block, *, importance: int = 0, fields: int = 0) -> Part:
    return Part(block.to_dict(), importance, fields)


def _lead(event: Event, mention: str | None) -> str:
    """Who is called, who did what, and what the writer says about it."""
    deed = sentence(event)
    lines = [deed and f"{deed}."]
    if own_title(event):
        lines.append(f"*{untrusted(own_title(event), TITLE)}*")
    if event.summary:
        lines.append(untrusted(re.sub(r"\n\s*\n+", "\n\n", event.summary), _SUMMARY))
    if event.error_detail and event.error_detail not in (event.summary or ""):
        lines.append(f"Error: {untrusted(event.error_detail, _DETAIL)}")
    if event.raw is not None:
        lines.append(f"The payload is not an object:\n{_quoted(event.raw)}")
    said = "\n".join(line for line in lines if line)
    return f"{mention_markup(mention)} {said}".strip()


def _quoted(text: str) -> str:
    """`text` as a block of code that its own backticks cannot end."""
    return f"```{untrusted(text.replace('`', 'ˋ'), _RAW)}```"
