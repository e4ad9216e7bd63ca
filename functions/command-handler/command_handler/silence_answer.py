"""What `/pulser silence` says: the preview with its button, the silences that last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from command_handler import answer
from command_handler.answer import Answer, Block, Json
from pulser.blocks import MESSAGE_BUDGET, code, untrusted
from pulser.card import moment
from pulser.silence import ACTION_ID, AskedSilence, passing_in_words, until, what

SIGN: Final = "🔕"
SHORT_ID: Final = 8
_TITLE = 100
_TYPES_SHOWN = 5
_MOST_LISTED = 15


def previewed(asked: AskedSilence, found: Json, value: str, now: datetime, typed: str) -> Answer:
    """The question, what it would have muted, and the button."""
    told = asked.to_json()
    question = f"{SIGN} Silence {what(told)} until {until(asked.ends_at, now)}?"
    lines = [would_have_muted(found, now), *map(_newest, found["newest"])]
    if asked.reason:
        lines.append(f"Reason: {untrusted(asked.reason, _TITLE * 2)}")
    small = (
        "Critical events and requests for a deploy are posted all the same. Everybody is told that it began, and that "
        f"it is over; anybody can end it: {answer.code_of(f'{typed} silence list')}."
    )
    blocks = [answer.section(question), answer.section("\n".join(lines)), _button(value), answer.context(small)]
    text = f"{question} {lines[0]} Press Silence it to confirm."
    return Answer(text, blocks, "previewed", facts={"silence_id": asked.silence_id})


def would_have_muted(found: Json, now: datetime) -> str:
    """ "Of the last day's messages it would have muted *42*: 40 `ci.failed` of api, 2 …"."""
    muted, passing = int(found["muted"]), int(found["passing"])
    seen = int(found["looked_through"])
    cut = f"the newest {seen:,} events (back to {answer.ago(found['since'], now)})"
    span = cut if found["is_cut"] else "the last day's events"
    if not muted:
        said = f"Of {span} it would have muted none."
    else:
        types = [_type(it) for it in found["types"][:_TYPES_SHOWN]]
        left = muted - sum(int(it["events"]) for it in found["types"][:_TYPES_SHOWN])
        said = (
            f"Of {span} it would have muted *{muted:,}*: {', '.join([*types, *([f'{left:,} more'] if left else [])])}."
        )
    if passing:
        said += f" {passing_in_words(passing)}"
    return said


def _type(it: Json) -> str:
    of = f" of {answer.name(it['service'])}" if it.get("service") else ""
    return f"{int(it['events']):,} {code(str(it['event_type']), answer.NAME)}{of}"


def _newest(it: Json) -> str:
    title = f": {untrusted(str(it['title']), _TITLE)}" if it.get("title") else ""
    of = f" {answer.name(it['service'])}" if it.get("service") else ""
    return f"• {answer.clock(it['at'])} {code(str(it['event_type']), answer.NAME)}{of}{title}"


def _button(value: str) -> Block:
    text = {"type": "plain_text", "text": "Silence it", "emoji": False}
    return {
        "type": "actions",
        "elements": [{"type": "button", "action_id": ACTION_ID, "text": text, "style": "primary", "value": value}],
    }


def listed(silences: Sequence[Json], now: datetime, typed: str) -> Answer:
    """Those that last, with their ids."""
    if not silences:
        return answer.note("Nothing is silenced.", silences="0")
    lines = [f"{answer.code_of(str(it['silence_id'])[:SHORT_ID])} {line(it, now)}" for it in silences[:_MOST_LISTED]]
    if len(silences) > _MOST_LISTED:
        lines.append(f"… and {len(silences) - _MOST_LISTED} more")
    hint = f"{answer.code_of(f'{typed} silence end')} with such an id ends one."
    return Answer(
        "\n".join(lines), [*answer.sections(lines), answer.context(hint)], facts={"silences": str(len(silences))}
    )


def line(silence: Json, now: datetime) -> str:
    """ "*api* `ci.*` until 18:00 UTC, by @ana: the reason. 12 muted"."""
    ends_at = moment(silence["ends_at"])
    reason = f": {untrusted(str(silence['reason']), _TITLE)}" if silence.get("reason") else ""
    end = f" until {until(ends_at, now)}" if ends_at else ""
    return (
        f"{what(silence)}{end}, by {answer.person(silence.get('created_by'))}{reason}. {int(silence['muted']):,} muted"
    )


def with_silences(said: Answer, silences: Iterable[Json], now: datetime, service: str | None = None) -> Answer:
    """A status with the silences that last, or those of one service, before its small print, as far as they fit."""
    told = [f"{SIGN} Silenced: {line(it, now)}" for it in silences if service is None or _covers(it, service)]
    if not told:
        return said
    shown = min(len(told), _MOST_LISTED)
    blocks = _shown(told, shown)
    while shown and answer.size([*said.blocks, *blocks]) > MESSAGE_BUDGET:
        shown -= 1
        blocks = _shown(told, shown)
    at = len(said.blocks) - 1 if len(said.blocks) > 1 else len(said.blocks)
    return replace(said, text=f"{said.text} {told[0]}", blocks=[*said.blocks[:at], *blocks, *said.blocks[at:]])


def _shown(told: Sequence[str], shown: int) -> list[Block]:
    """So many of them, and how many more there are."""
    left = len(told) - shown
    others = f"… and {left} more" if shown else f"{SIGN} {left} silence{' lasts' if left == 1 else 's last'}"
    return list(answer.sections([*told[:shown], *([others] if left else [])]))


def _covers(silence: Mapping[str, object], service: str) -> bool:
    pattern = silence.get("service")
    return pattern is None or fnmatchcase(service, str(pattern))
