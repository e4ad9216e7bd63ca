"""The answer to `/pulser why`: one thing's whole story, as private as every answer.

Whoever holds an event's id, or sees its message, may know its story: that is what stands in the channel, and how it
came there. What somebody else typed after a private command is not told (pulser.why_envelope).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from command_handler import answer
from command_handler.answer import Answer, Block
from command_handler.command import Command
from pulser.blocks import untrusted
from pulser.database import Database
from pulser.why import Story, tell
from pulser.why_asked import ACCEPTED, NotAsked, read_asked, several, unknown
from pulser.why_moment import Moment, lasting, moment

_ROOM: Final = 9000  # characters of JSON for all lines; the message takes 12,000
_LINE: Final = 700  # characters of a moment
_TIME: Final = re.compile(r"(?:(?P<day>\d{4}-\d{2}-\d{2}) )?\b(?P<time>\d{2}:\d{2}:\d{2}) UTC\b")
_TIMES: Final = 10  # in a text; each one makes it longer
_SLACK_CLOCK_ENDS: Final = 2**31
_LAST: Final = 8  # moments at the end of a long story that are told in any case


class WhyCommand:
    """Reads what is asked about, asks the ledger, lays the story out."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger

    async def answer(self, command: Command, user: str, typed: str) -> Answer:
        """`user`: who asked; `typed`: how the command is called. Raises what the database raises."""
        try:
            asked = read_asked(command.rest)
        except NotAsked as error:
            said = str(error)
            return answer.note(f"{said[:1].upper()}{said[1:]}. {_how(typed)}", "refused")
        found = await self._ledger.call("why_v1", {"asked": asked})
        if found is None:
            return answer.note(f"{_begun(unknown(asked, datetime.now(UTC)))}. {_how(typed)}", "refused")
        if "several" in found:
            return answer.note(f"{_begun(several(asked['id'], found['several']))}.", "refused")
        story = tell(found, user)
        # Named apart from the audit's own: the envelope and card of these are not those of the question.
        facts = {f"asked_{name}": value for name, value in story.ids.items()}
        words = _on_your_clock(untrusted(f"{story.about}. {story.now}", 2000), story.as_of)
        return Answer(words, list(laid_out(story, typed)), facts=facts)


def _begun(said: str) -> str:
    """As a sentence begins, as mrkdwn."""
    return untrusted(said[:1].upper() + said[1:], 1000)


def _how(typed: str) -> str:
    return f"`{typed} why` takes {ACCEPTED}."


def laid_out(story: Story, typed: str = "/pulser") -> Iterator[Block]:
    """Header, moments, how it stands now, and what is not told, within Slack's limits."""
    yield answer.header(story.about)
    lines, left = _fitting([_on_your_clock(_line(it, story.moments), story.as_of) for it in story.moments])
    yield from answer.sections(lines)
    yield answer.section(f"*{_on_your_clock(untrusted(story.now, 1500), story.as_of)}*")
    not_told = [*story.left_out, *([f"{left} moments in the middle"] if left else [])]
    if not_told:
        yield answer.context(untrusted(f"Not told here: {'; '.join(not_told)}.", 1000))
    ids = " · ".join(f"{name.removesuffix('_id')} {answer.code_of(value)}" for name, value in story.ids.items())
    yield answer.context(f"{ids} · on a command line `{typed.removeprefix('/')} why` tells the same")


def _on_your_clock(text: str, today: datetime | None) -> str:
    """The times that pulser.why_moment.clock wrote into a text as those of the moments: on the reader's clock."""
    return _TIME.sub(lambda found: _as_a_date(found, today), text, count=_TIMES)


def _as_a_date(found: re.Match[str], today: datetime | None) -> str:
    day = found["day"] or (today and f"{today:%Y-%m-%d}")
    at = moment(f"{day}T{found['time']}+00:00") if day else None
    seconds = int(at.timestamp()) if at else -1
    if at is None or not 0 <= seconds < _SLACK_CLOCK_ENDS:
        return found[0]
    form, plainly = ("{date_short_pretty} {time}", "%Y-%m-%d %H:%M") if found["day"] else ("{time}", "%H:%M")
    return f"<!date^{seconds}^{form}|{at:{plainly}} UTC>"


def _fitting(lines: Sequence[str]) -> tuple[list[str], int]:
    """As many of the first lines as there is room for beside the last ones, and how many are left out."""
    if _size(lines) <= _ROOM:
        return list(lines), 0
    last = list(lines[-_LAST:])
    room, first = _ROOM - _size(last), []
    for line in lines[:-_LAST]:
        room -= _size([line])
        if room < 0:
            break
        first.append(line)
    left = len(lines) - len(first) - len(last)
    return [*first, f"… {left} moments …", *last], left


def _size(lines: Sequence[str]) -> int:
    return sum(len(json.dumps(line, ensure_ascii=False)) for line in lines)


def _line(it: Moment, moments: Sequence[Moment]) -> str:
    start = next((other.at for other in moments if other.at), None)
    when = f"{answer.clock(it.at.isoformat())} +{lasting((it.at - start).total_seconds())}" if it.at and start else "…"
    who = f" · {answer.person({'user': it.who.user, 'name': it.who.name})}" if it.who else ""
    detail = f"\n↳ {untrusted(it.detail, _LINE // 2)}" if it.detail else ""
    return f"{when}  *{untrusted(it.what, _LINE // 2)}*{who}{detail}"
