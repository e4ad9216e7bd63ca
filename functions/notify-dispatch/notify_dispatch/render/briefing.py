"""The briefing in the thread of an alert's message: who investigates, and what is known that may help.

What is known is as known_of_card_v1 tells it; what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from slack_sdk.models.blocks import SectionBlock

from notify_dispatch.event import Event
from notify_dispatch.render.fields import mrkdwn
from notify_dispatch.render.message import Message
from notify_dispatch.render.phrases import line_of, mentioned, named, see, when
from notify_dispatch.render.words import PERSON, TITLE, headline, own_title
from pulser.blocks import SECTION_TEXT, code, fit, link, safe_url, untrusted
from pulser.card import Card, Person, moment

Json = Mapping[str, Any]

_PLACE, _VERSION, _ALERT, _CHANNEL_ID = 60, 60, 250, 30
_DEPLOYS, _ALERTS = 3, 5
_WORDS: Final = {"started", "completed", "failed", "passed"}
_PHASES: Final = {"acknowledged": "acknowledged", "investigating": "investigated", "resolved": "resolved"}


def render_briefing(
    delivery_id: str, event_id: str, card: Card | None, known: Json, links: Mapping[str, str]
) -> Message:
    """The message for a briefing. `links`: the address of another alert's message by its ts, where Slack told it.

    Always gives a message that Slack takes. Should the layout fail, the plain one stands in and says so in `degraded`.
    """
    try:
        parts = {name: text for name, text in _parts(card, known, links) if text}
        lead = _lead(card, parts)
        blocks = tuple(_block(text) for text in (lead, *parts.values()))
        return Message(f"{lead} {_summary(parts)}".rstrip(), blocks, event_id, delivery_id)
    except Exception as error:  # noqa: BLE001  who investigates is told, whatever the layout stumbles over
        said = fit(f"{type(error).__name__}: {error}", TITLE)
        return render_plain_briefing(delivery_id, event_id, card, degraded=said)


def render_plain_briefing(delivery_id: str, event_id: str, card: Card | None, degraded: str | None = None) -> Message:
    """Only who investigates, in a line. Always valid."""
    said = f"{_investigator(card)} is investigating this alert."
    return Message(said, (_block(said),), event_id, delivery_id, degraded=degraded)


def _block(text: str) -> dict[str, Any]:
    return SectionBlock(text=mrkdwn(text)).to_dict()


def _lead(card: Card | None, parts: Mapping[str, str]) -> str:
    said = f"{_investigator(card)} is investigating this alert."
    if parts:
        return f"{said} What is known of {_subject(card)}:"
    if card is None or not card.service:
        return f"{said} It names no service, so nothing else is known."
    return f"{said} Nothing else is known of {_subject(card)}."


def _investigator(card: Card | None) -> str:
    by = card and card.person("investigating")
    return mentioned(by) if by else "Somebody"


def _subject(card: Card | None) -> str:
    service = untrusted((card and card.service) or "", _PLACE)
    environment = untrusted((card and card.environment) or "", _PLACE)
    return " in ".join(f"*{it}*" for it in (service, environment) if it) or "its service"


def _parts(card: Card | None, known: Json, links: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name for the summary, and text; empty where nothing is known."""
    deploys = [line for it in _rows(known, "deploys")[:_DEPLOYS] if (line := _deploy(card, it))]
    yield "its last deployments", _list("*Last deployments*", deploys)
    ci = _ci(known.get("ci"))
    yield "its last CI run", f"*Last CI run*\n{ci}" if ci else ""
    alerts = [_alert(card, it, links) for it in _rows(known, "alerts")[:_ALERTS]]
    yield "other alerts", _list(*_others(alerts, known.get("alerts_total")))
    url = known.get("runbook_url")
    runbook = link(url, "Runbook", SECTION_TEXT) if isinstance(url, str) and safe_url(url) else ""
    yield "its runbook", runbook


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"• {line}" for line in lines)]) if lines else ""


def _deploy(card: Card | None, told: Json) -> str:
    """ "`v1.2.3` completed, today 7:33 AM, by ada (see it)"."""
    what = told.get("what")
    if what not in _WORDS:
        return ""
    version = code(str(told.get("version") or ""), _VERSION) or "a version without a name"
    by = _by(told)
    return f"{version} {what}{_elsewhere(card, told)}{when(moment(told.get('at')))}{by}{see(told.get('url'), 'see it')}"


def _by(told: Json) -> str:
    """Who asked for a deployment in Slack, else who wrote of it."""
    asked = Person.from_json(told.get("by"))
    actor = told.get("actor")
    if asked is None and isinstance(actor, str) and PERSON.fullmatch(actor):
        asked = Person(actor, None, None)
    said = named(asked) if asked else line_of(actor, _PLACE)
    return f", by {said}" if said else ""


def _elsewhere(card: Card | None, told: Json) -> str:
    """ " in staging", where that is not the alert's own environment."""
    place = told.get("environment")
    said = line_of(place, _PLACE)
    return f" in {said}" if said and place != (card and card.environment) else ""


def _ci(told: object) -> str:
    if not isinstance(told, Mapping) or told.get("what") not in _WORDS:
        return ""
    branch = told.get("branch")
    on = f" on {code(branch, _VERSION)}" if isinstance(branch, str) and branch else ""
    return f"CI {told['what']}{on}{when(moment(told.get('at')))}{see(told.get('url'), 'see it')}"


def _others(lines: Sequence[str], total: object) -> tuple[str, list[str]]:
    count = max(total if isinstance(total, int) else 0, len(lines))
    left = [f"and {count - len(lines)} more"] if count > len(lines) else []
    return f"*{count} other alert{'' if count == 1 else 's'} of the last day*", [*lines, *left] if lines else []


def _alert(card: Card | None, told: Json, links: Mapping[str, str]) -> str:
    """ "tests fail in staging, today 7:33 AM, open": its title is a link to its message where there is one."""
    event = Event.from_json(told.get("event"))
    url = links.get(str(told.get("ts")), "")
    title = link(url, own_title(event) or headline(event), _ALERT)
    where = "" if url else _channel(told.get("channel"))
    return f"{title}{_elsewhere(card, told)}{when(moment(told.get('at')))}, {_phase(told)}{where}"


def _phase(told: Json) -> str:
    """ "acknowledged by ada"."""
    phase, by = told.get("phase"), Person.from_json(told.get("by"))
    said = _PHASES.get(str(phase), "open")
    return f"{said} by {named(by)}" if by and said != "open" else said


def _channel(channel: object) -> str:
    said = channel if isinstance(channel, str) else ""
    return f" (in <#{said}>)" if said.isalnum() and said.isascii() and len(said) <= _CHANNEL_ID else ""


def _rows(known: Json, name: str) -> list[Json]:
    found = known.get(name)
    return [it for it in found if isinstance(it, Mapping)] if isinstance(found, list) else []


def _summary(parts: Mapping[str, str]) -> str:
    """What the thread holds, for a notification or a screen reader."""
    return f"{', '.join(parts)}." if parts else ""
