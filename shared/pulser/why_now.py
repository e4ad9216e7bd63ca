"""How the thing of a story stands now, in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pulser import why_silence
from pulser.why_delivery import digest_of, in_digest, is_briefing, message_of, part_name
from pulser.why_moment import Json, clock, inert, is_later, part, plural, rows

_SHOWN: Final = 3  # deliveries in the sentence
_UNKNOWN: Final = {
    "unrecorded": "The ledger has not noted it yet; a sweep looks for such events each minute.",
    "pruned": "It is older than what the ledger keeps, 90 days: nothing is known of what became of it.",
}
_PEOPLE: Final = ("acknowledged", "investigating")


def of_event(facts: Json, told: Sequence[Json]) -> str:
    """`told`: the deliveries that the story tells."""
    dispatch, now = part(facts, "dispatch"), facts.get("now")
    match dispatch.get("status"):
        case "unrecorded" | "pruned" as unknown:
            return _UNKNOWN[unknown]
        case "pending" if dispatch.get("claimed_by"):
            until = clock(dispatch.get("lease_until"), now)
            return f"It is being routed by {inert(dispatch.get('claimed_by'), 100)}, whose lease ends at {until}."
        case "pending":
            return f"It waits to be routed since {clock(dispatch.get('recorded_at'), now)}."
        case "unrouted" | "silenced" as status if not told:
            silenced = why_silence.why_not(part(facts, "silence"), now)
            return silenced if status == "silenced" else "It went nowhere: no route took it."
    posts = [it for it in told if it.get("kind") == "post"]
    open_ = [it for it in told if it.get("kind") != "post" and it.get("status") != "sent"]
    if not told:
        return _only_told(facts)
    shown = [of_delivery(it, now, part(facts, "card")) for it in [*posts, *open_][:_SHOWN]] or ["All of it was done."]
    more = len(posts) + len(open_) - _SHOWN
    return " ".join([*shown, *([f"So much for {_SHOWN} deliveries; there are {more} more."] if more > 0 else [])])


def _only_told(facts: Json) -> str:
    card = part(facts, "tells_of")
    if not card:
        return "It was routed, and no message of its own came of it."
    return f"It has no message of its own: it tells of the {inert(card.get('kind'), 20)} {card.get('card_id')}."


def of_delivery(delivery: Json, now: object, card: Json) -> str:
    """One delivery; `card` may be empty."""
    status, digest = inert(delivery.get("status"), 20), inert(delivery.get("digest_id"), 50)
    if in_digest(delivery) and status not in ("sent", "dead"):
        return f"It goes with {digest_of(delivery)}, {digest}, which is {status.replace('_', ' ')}."
    said = _of_delivery(delivery, now, card)
    return f"Its {part_name(delivery)}: {said}" if is_briefing(delivery) and delivery.get("status") != "sent" else said


def _of_delivery(delivery: Json, now: object, card: Json) -> str:
    match delivery.get("status"):
        case "sent":
            return _sent(delivery, now, card)
        case "dead":
            return _dead(delivery)
        case "in_doubt":
            return _in_doubt(delivery, now)
        case "sending":
            return _sending(delivery, now)
        case "failed":
            return _failed(delivery, now)
        case _:
            return _thread(delivery) or _hold(delivery, now) or _turn(delivery, now) or _pace(delivery, now)


def _sending(delivery: Json, now: object) -> str:
    worker, until = inert(delivery.get("claimed_by"), 100), clock(delivery.get("lease_until"), now)
    if is_later(delivery.get("lease_until"), now):
        return f"It is being sent by {worker}, whose lease ends at {until}."
    return f"{worker} had it and has vanished: its lease ended at {until}, and the next worker takes it over."


def _sent(delivery: Json, now: object, card: Json) -> str:
    since, channel = clock(delivery.get("sent_at"), now), inert(delivery.get("channel"), 100)
    match delivery.get("kind"):
        case "update":
            return f"The message in {channel} was changed at {since}."
        case "hook":
            return f"The {inert(delivery.get('action'), 50)} hook took the call at {since}."
    where = message_of(delivery)
    found = ", where it was found" if delivery.get("adopted") is True else ""
    if is_briefing(delivery):
        told = {"briefing": "What is known", "details": "What it said then"}
        what = told.get(part_name(delivery), f"A {part_name(delivery)}")
        return f"{what} stands in a thread of {channel} since {since}{found}{f' ({where})' if where else ''}."
    whole = f", in {digest_of(delivery)}" if delivery.get("digest_id") else ""
    return f"It stands in {channel} since {since}{found}{whole}{_phase(card)}{f' ({where})' if where else ''}."


def _phase(card: Json) -> str:
    """ ", acknowledged by ada"."""
    phase = inert(card.get("phase"), 30).replace("_", " ")
    if not phase or phase in {"open", "deployed"}:
        return ""
    by = _by(card) if phase in _PEOPLE else ""
    said = "looked into" if phase == "investigating" else phase
    return f", {said}{f' by {by}' if by else ''}"


def _by(card: Json) -> str:
    state = part(card, "state")
    who = part(state, inert(card.get("phase"), 30))
    return inert(who.get("name") or who.get("user"), 100)


def _hold(delivery: Json, now: object) -> str:
    hold = part(delivery, "hold")
    if not is_later(hold.get("held_until"), now):
        return ""
    method = "all of Slack" if hold.get("method") == "*" else inert(hold.get("method"), 50)
    reason, until = inert(hold.get("reason"), 100), clock(hold.get("held_until"), now)
    return f"It waits for Slack, which holds {method} back ({reason}), until {until}."


def _thread(delivery: Json) -> str:
    """The message in whose thread it belongs, as long as nobody knows where that stands."""
    thread = part(delivery, "thread")
    if not thread or thread.get("status") in ("sent", "dead"):
        return ""
    first, status = inert(thread.get("delivery_id"), 50), inert(thread.get("status"), 20).replace("_", " ")
    return f"It waits for the message in whose thread it belongs, {first}, which is {status}."


def _turn(delivery: Json, now: object) -> str:
    """The message before it in its channel: the order is kept."""
    head = part(delivery, "head")
    if not head:
        return ""
    what = {
        "sending": "which is being sent",
        "in_doubt": "which is in doubt and looked for",
        "failed": "which is tried again",
    }.get(str(head.get("status")), "whose turn is first")
    later = is_later(head.get("next_attempt_at"), now) and head.get("status") != "sending"
    until = f" at {clock(head.get('next_attempt_at'), now)}" if later else ""
    channel, first = inert(delivery.get("channel"), 100), inert(head.get("delivery_id"), 50)
    return f"It waits for its turn in {channel}, behind {first}, {what}{until}."


def _pace(delivery: Json, now: object) -> str:
    if is_later(delivery.get("next_attempt_at"), now):
        return f"It waits until {clock(delivery.get('next_attempt_at'), now)}."
    paced = delivery.get("paced_until")
    if delivery.get("kind") == "post" and is_later(paced, now):
        return f"It waits for the pace of {inert(delivery.get('channel'), 100)} until {clock(paced, now)}."
    return "It is due and waits for a dispatcher, which a sweep wakes within seconds."


def _failed(delivery: Json, now: object) -> str:
    held = _hold(delivery, now)
    if held:
        return held
    reason, due = inert(delivery.get("reason"), 100), delivery.get("next_attempt_at")
    if is_later(due, now):
        return f"It waits for its next try after {reason}, until {clock(due, now)}."
    return _turn(delivery, now) or f"Its next try after {reason} is due since {clock(due, now)}."


def _in_doubt(delivery: Json, now: object) -> str:
    reason, due = inert(delivery.get("reason"), 100), delivery.get("next_attempt_at")
    doubt = f"It is in doubt ({reason}): nobody knows whether it is in Slack."
    if delivery.get("claimed_by"):
        return f"{doubt} {inert(delivery.get('claimed_by'), 100)} is looking into Slack's history."
    held = _hold(delivery, now)
    if held:
        return f"{doubt} {held}"
    when = f"at {clock(due, now)}" if is_later(due, now) else f"due since {clock(due, now)}"
    return f"{doubt} The next look into Slack's history is {when}."


def _dead(delivery: Json) -> str:
    why = ": ".join(filter(None, (inert(delivery.get("reason"), 100), inert(delivery.get("error"), 200))))
    match delivery.get("kind"):
        case "update":
            return f"A change of the message is dead because {why}; the next change of its card is sent anyway."
        case "hook":
            return f"The call of the hook is dead because {why}; a deploy is asked for again in Slack."
    return f"It is dead because {why}; `pulser ledger retry {inert(delivery.get('delivery_id'), 50)}` tries it again."


def of_envelope(envelope: Json, facts: Json) -> str:
    """What somebody did in Slack."""
    now, status = facts.get("now"), envelope.get("status")
    handler, error = inert(envelope.get("handler"), 50) or "a handler", inert(envelope.get("last_error"), 200)
    if status == "processing":
        until = clock(envelope.get("lease_until"), now)
        if not is_later(envelope.get("lease_until"), now):
            return f"Its handler has vanished: its lease ended at {until}, and the next one takes it over."
        return f"It is being carried out by {inert(envelope.get('claimed_by'), 100)}, whose lease ends at {until}."
    if status == "pending":
        due, after = envelope.get("next_attempt_at"), f" after {error}" if error else ""
        return f"It waits for {handler}{after}; left alone until {clock(due, now)}, it is the sweep's."
    at = clock(envelope.get("processed_at"), now)
    if status == "failed":
        return f"It failed at {at}: {error or 'no reason was told'}."
    return f"It was done at {at}.{_effects(facts)}" if not error else f"It ended at {at}: {error}.{_effects(facts)}"


def _effects(facts: Json) -> str:
    sent = rows(facts.get("deliveries"))
    card = part(facts, "card")
    caused = f" {plural(len(sent), 'delivery', 'deliveries')} came of it." if sent else ""
    if not card:
        return caused
    phase = inert(card.get("phase"), 30).replace("_", " ")
    return f"{caused} The {inert(card.get('kind'), 20)} that it met is {phase} now."
