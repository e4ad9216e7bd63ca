"""An event as a Slack message: what happened, what was done about it, the facts, what one can do."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, PlainTextObject, SectionBlock

from notify_dispatch.event import Event
from notify_dispatch.render.buttons import buttons, offered
from notify_dispatch.render.fields import closing, extras, fields, more, mrkdwn
from notify_dispatch.render.history import history
from notify_dispatch.render.message import Message, Occasion
from notify_dispatch.render.repeats import times
from notify_dispatch.render.silence import silence_sentence
from notify_dispatch.render.standing import dressed, standing_of
from notify_dispatch.render.words import TITLE, fallback, header, mention_markup, own_title, sentence
from pulser.blocks import HEADER_TEXT, URL_LENGTH, Part, fit, fit_parts, link, plain, untrusted
from pulser.card import Card

__all__ = ["Message", "Occasion", "has_buttons", "render", "render_plain"]

_SUMMARY, _DETAIL, _RAW, _DELIVERY_ID = 1500, 500, 1500, 100
_SUMMARY_BESIDE_HISTORY = 900


def render(event: Event, occasion: Occasion) -> Message:
    """The message for `event`, in the newest state of its card.

    Always gives a message that Slack takes. Should the layout fail, the plain one stands in and says so in
    `degraded`.
    """
    occasion = _bounded(occasion)
    try:
        parts = list(_parts(dressed(event, occasion.card), occasion))
        blocks = fit_parts(parts, lambda count: ContextBlock(elements=[mrkdwn(more(count))]).to_dict())
        return _message(_fallback(event, occasion), tuple(blocks), event, occasion)
    except Exception as error:  # noqa: BLE001  an event is never dropped, whatever its layout stumbles over
        plainly = render_plain(event, occasion)
        return dataclasses.replace(plainly, degraded=fit(f"{type(error).__name__}: {error}", TITLE))


def render_plain(event: Event, occasion: Occasion) -> Message:
    """`event` as one block of text that depends on nothing but the event's being one. Always valid."""
    occasion = _bounded(occasion)
    told = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    facts = "\n".join(f"{name}: {value}" for name, value in told.items() if value not in (None, "", ()))
    said = f"{mention_markup(occasion.mention)} Event {untrusted(str(event.event_type), TITLE)}, as it came".lstrip()
    block = SectionBlock(text=mrkdwn(f"{said}:\n{_quoted(facts)}")).to_dict()
    return _message(said, (block,), event, occasion)


def has_buttons(event: Event, card: Card | None) -> bool:
    """Whether the message has buttons that act, which need a key."""
    return bool(offered(standing_of(event, card)))


def _bounded(occasion: Occasion) -> Occasion:
    return dataclasses.replace(occasion, delivery_id=occasion.delivery_id[:_DELIVERY_ID])


def _message(text: str, blocks: tuple[dict[str, object], ...], event: Event, occasion: Occasion) -> Message:
    version = None if occasion.card is None else occasion.card.version
    return Message(text, blocks, str(event.event_id), occasion.delivery_id, version)


def _fallback(event: Event, occasion: Occasion) -> str:
    event = dressed(event, occasion.card)
    if silenced := silence_sentence(event):
        return f"{mention_markup(occasion.mention)} {event.severity.capitalize()}: {silenced}".lstrip()
    standing = standing_of(event, occasion.card)
    if standing.kind == "alert" and standing.phase == "resolved":
        event = dataclasses.replace(event, severity="info")
    return fallback(event, occasion.mention, standing.words + times(standing.card))


def _parts(event: Event, occasion: Occasion) -> Iterator[Part]:
    """The blocks in the order of reading. Where room is short, unknown keys go first, then the fields."""
    standing = standing_of(event, occasion.card)
    first_line = header(event, standing.sign, standing.words) + times(standing.card)
    yield _part(HeaderBlock(text=PlainTextObject(text=plain(first_line, HEADER_TEXT), emoji=False)))
    done = history(standing.card)
    if occasion.continues is not None:
        before = (
            link(occasion.continues, "an earlier message", URL_LENGTH) if occasion.continues else "an earlier message"
        )
        yield _part(
            ContextBlock(elements=[mrkdwn(f"Continued from {before}, which Slack lets nobody change any more.")])
        )
    lead = _lead(event, occasion, beside_history=done is not None)
    if lead:
        yield _part(SectionBlock(text=mrkdwn(lead)))
    if done:
        yield _part(done)
    facts = fields(event)
    if facts:
        yield _part(SectionBlock(fields=facts), importance=1, fields=len(facts))
    more_facts = extras(event)
    if more_facts:
        yield _part(more_facts, importance=2, fields=len(event.extra))
    row = buttons(event, standing, occasion)
    if row:
        yield _part(row)
    yield _part(closing(event, occasion.delayed_s))


def _part(block: Block, *, importance: int = 0, fields: int = 0) -> Part:
    return Part(block.to_dict(), importance, fields)


def _lead(event: Event, occasion: Occasion, *, beside_history: bool) -> str:
    """Who is called, who did what, and what the writer says about it."""
    if silenced := silence_sentence(event):
        return f"{mention_markup(occasion.mention)} {silenced}".strip()
    # Who asked for a deploy stands in its card's history, with the time.
    told = beside_history and event.event_type == "deploy.requested"
    deed = None if told else sentence(event)
    lines = [deed and f"{deed}."]
    if own_title(event):
        lines.append(f"*{untrusted(own_title(event), TITLE)}*")
    if event.summary:
        room = _SUMMARY_BESIDE_HISTORY if beside_history else _SUMMARY
        lines.append(untrusted(re.sub(r"\n\s*\n+", "\n\n", event.summary), room))
    if event.error_detail and event.error_detail not in (event.summary or ""):
        lines.append(f"Error: {untrusted(event.error_detail, _DETAIL)}")
    if event.raw is not None:
        lines.append(f"The payload is not an object:\n{_quoted(event.raw)}")
    said = "\n".join(line for line in lines if line)
    return f"{mention_markup(occasion.mention)} {said}".strip()


def _quoted(text: str) -> str:
    """`text` as a block of code that its own backticks cannot end."""
    return f"```{untrusted(text.replace('`', 'ˋ'), _RAW)}```"
