"""A silence that began or is over, in a sentence, with the reader's own clock."""

from __future__ import annotations

from notify_dispatch.event import Event
from notify_dispatch.render.phrases import clock, mentioned, named
from notify_dispatch.render.words import who
from notify_dispatch.silence_news import STARTED, SilenceNews
from pulser.blocks import code
from pulser.silence import what

_TYPE = 80


def silence_sentence(event: Event) -> str | None:
    """As mrkdwn; None where the event tells of no silence."""
    news = event.silence
    if news is None:
        return None
    covered = what(dict(news.covers))
    if event.event_type == STARTED:
        by, until = who(event) or mentioned(news.by), clock(news.over)
        return f"{by} silenced {covered}{until and f' until {until}'}. Critical events are posted all the same."
    span = [f"{word} {told}" for word, told in (("from", clock(news.began)), ("to", clock(news.over))) if told]
    early = f", and {named(news.ended_by)} ended it before its time" if news.ended_by else ""
    said = " ".join([f"{covered} is heard again: {named(news.by)} silenced it", *span])
    return f"{said[:1].upper()}{said[1:]}{early}. It muted {_muted(news)}."


def _muted(news: SilenceNews) -> str:
    if not news.muted:
        return "nothing"
    types = [f"{count:,} {code(it, _TYPE)}" for it, count in news.types]
    left = news.muted - sum(count for _, count in news.types)
    told = ", ".join([*types, *([f"{left:,} more"] if types and left > 0 else [])])
    return f"{news.muted:,} event{'s' if news.muted != 1 else ''}" + (f": {told}" if told else "")
