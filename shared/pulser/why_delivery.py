"""What became of a delivery, as moments: why it was made, what it waited for, each attempt and its outcome. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from pulser.slack_errors import RATE_LIMITED, TOKEN_REFUSED
from pulser.why_moment import (
    Json,
    Moment,
    count,
    inert,
    is_later,
    joined,
    lasting,
    moment,
    part,
    plural,
    rows,
    seconds_between,
    sentence,
)

WORTH_TELLING: Final = 1.0  # seconds: a shorter wait is no wait
_HEARD_BEFORE = timedelta(seconds=60)  # a hold that a neighbour met so shortly before may have held this one, too
_NOT_KEPT = "the ledger did not keep why"
_THING = {"post": "post", "update": "change of the message", "hook": "call of the hook", "probe": "look"}


def moments(delivery: Json, card: Json) -> list[Moment]:
    """All of them, in order. `card`: its card, for what a hook answered; it may be empty."""
    return list(_moments(delivery, card))


def _moments(delivery: Json, card: Json) -> Iterator[Moment]:
    yield _made(delivery)
    if in_digest(delivery):
        yield from _folded(delivery)
        return
    log = rows(delivery.get("attempts_log"))
    before: Json | None = None
    told = 0
    for attempt in log:
        number = count(attempt.get("number"))
        if number > told + 1:
            yield Moment.of(
                None, f"{plural(number - told - 1, 'more attempt')} not told here", "as those before and after"
            )
        else:
            yield from _wait(delivery, before, attempt.get("started_at"))
        told, before = number, attempt
        yield from _attempt(delivery, attempt, card)
    yield from _loose_ends(delivery, log)


def _made(delivery: Json) -> Moment:
    at, channel = delivery.get("created_at"), inert(delivery.get("channel"))
    match delivery.get("kind"):
        case "update":
            why = "more events came" if delivery.get("digest_id") else "its card had changed"
            return Moment.of(at, f"A change of its message in {channel} was queued", why)
        case "hook":
            service = inert(delivery.get("service"), 100)
            return Moment.of(at, f"The call of the {inert(delivery.get('action'), 50)} hook of {service} was queued")
    if delivery.get("thread_part") == "details":
        what = f"Details were queued, for the thread of its message in {channel}"
        return Moment.of(at, what, inert(delivery.get("why")) or None)
    if is_briefing(delivery):
        called = inert(delivery.get("mention"), 50)
        what = f"A {part_name(delivery)} was queued, for the thread of its message in {channel}"
        return Moment.of(at, what, sentence(delivery.get("why"), called and f"it mentions {called}") or None)
    mention = inert(delivery.get("mention"), 50)
    why = sentence(delivery.get("why") or _NOT_KEPT, mention and f"it mentions {mention}")
    return Moment.of(at, f"Route {inert(delivery.get('route'), 100)} took it, to {channel}", why)


def in_digest(delivery: Json) -> bool:
    """Whether another delivery's message, a digest, tells of it."""
    digest = delivery.get("digest_id")
    return delivery.get("kind") == "post" and bool(digest) and digest != delivery.get("delivery_id")


def digest_of(delivery: Json) -> str:
    """ "a digest of 148 events", "" of what is in none."""
    if not delivery.get("digest_id"):
        return ""
    events = count(delivery.get("digest_events"))
    return f"a digest of {plural(events, 'event')}" if events else "a digest"


def _folded(delivery: Json) -> Iterator[Moment]:
    """What became of it as a part of a digest, whose attempts are told with the digest."""
    channel, digest = inert(delivery.get("channel"), 100), inert(delivery.get("digest_id"), 50)
    sent_at, whole = delivery.get("sent_at"), digest_of(delivery)
    why = f"more events came to {channel} than Slack takes messages: one a second"
    seconds = seconds_between(delivery.get("created_at"), sent_at)
    if seconds is not None and seconds >= WORTH_TELLING:
        yield Moment.of(delivery.get("created_at"), f"Waited {lasting(seconds)}", why)
    if sent_at:
        told = sentence(f"delivery {digest}", message_of(delivery))
        yield Moment.of(sent_at, f"Told in {whole}", told)
    elif delivery.get("status") == "dead":
        what = f"It was given up with {whole}: {inert(delivery.get('reason'), 100)}"
        yield Moment.of(delivery.get("dead_at"), what, sentence(f"delivery {digest}", inert(delivery.get("error"))))
    else:
        yield Moment.of(None, f"It is in {whole}, which is on its way", sentence(f"delivery {digest}", why))


def is_briefing(delivery: Json) -> bool:
    """Whether it is a post in the thread of a card's message: a briefing, or another part of the thread."""
    return bool(delivery.get("thread_delivery_id"))


def part_name(delivery: Json) -> str:
    """What it is in its thread."""
    return inert(delivery.get("thread_part"), 20) or "briefing"


def _wait(delivery: Json, before: Json | None, until: object) -> Iterator[Moment]:
    since = before.get("ended_at") if before else delivery.get("created_at")
    seconds = seconds_between(since, until)
    if seconds is not None and seconds >= WORTH_TELLING:
        reason = _after(before, delivery) if before else _at_first(delivery, until)
        yield Moment.of(since, f"Waited {lasting(seconds)}", reason)


def _after(before: Json, delivery: Json) -> str:
    """What is waited for after an attempt."""
    reason = inert(before.get("reason"), 100) or "an error"
    if before.get("outcome") == "failed":
        if reason in RATE_LIMITED:
            return f"Slack's Retry-After: it had said {reason}, which holds for all workers"
        if reason in TOKEN_REFUSED and delivery.get("kind") != "hook":
            return f"Slack refused the token ({reason}): it is asked again now and then"
        return f"backoff after {reason}"
    return {
        "in_doubt": "in doubt: a late write may still land, so one looks into Slack's history only after a while",
        "unknown": f"in doubt: Slack's history could not be read ({reason}); it is looked into ever less often",
        "absent": f"its turn in {inert(delivery.get('channel'), 100)}, to be posted again",
        "lease_expired": "its worker had vanished: the next one had to come",
        "dead": "it was dead, until somebody asked for another try",
    }.get(str(before.get("outcome")), "the next worker")


def _at_first(delivery: Json, until: object) -> str:
    """What the first attempt waited for."""
    if delivery.get("kind") == "update" and delivery.get("route") == "repeat":
        return "it only counts: half a minute lies between two such changes of a message"
    return sentence(_held(delivery, until), _turn(delivery, until)) or "the next dispatcher to wake up"


def _held(delivery: Json, until: object) -> str:
    """What Slack said to a neighbour, when it holds for all."""
    begin, end, kind = moment(delivery.get("created_at")), moment(until), delivery.get("kind")
    if begin is None or end is None or kind == "hook":
        return ""
    for stop in rows(delivery.get("stopped")):
        at, reason = moment(stop.get("at")), inert(stop.get("reason"), 100)
        shared = (reason in RATE_LIMITED and stop.get("purpose") == kind) or reason in TOKEN_REFUSED
        if shared and at is not None and begin - _HEARD_BEFORE <= at <= end:
            return f"Slack's hold: it had said {reason} to another {_THING[str(kind)]}, which holds for all"
    return ""


def _turn(delivery: Json, until: object) -> str:
    ahead, channel = count(delivery.get("ahead")), inert(delivery.get("channel"), 100)
    if delivery.get("kind") == "update":
        return "its turn: Slack takes some 50 changes of messages a minute"
    if ahead == 0:
        return ""
    stuck = f", one of which {_stuck(delivery, until)}" if _stuck(delivery, until) else ""
    were = "message to {} was" if ahead == 1 else "messages to {} were"
    return f"the pace of its channel: {ahead} {were.format(channel)} ahead of it{stuck}; Slack takes one a second"


def _stuck(delivery: Json, until: object) -> str:
    """What kept the messages before it in its channel, whose order is kept, from going on."""
    for stop in rows(delivery.get("stopped")):
        met = stop.get("ahead") is True and stop.get("channel") == delivery.get("channel")
        # It may have been in trouble before this one came, and still have been.
        still = not stop.get("done_at") or is_later(stop.get("done_at"), delivery.get("created_at"))
        if met and still and stop.get("purpose") == "post" and not is_later(stop.get("at"), until):
            doubtful = stop.get("outcome") in ("in_doubt", "lease_expired")
            return f"{'was in doubt' if doubtful else 'failed'} ({inert(stop.get('reason'), 100)})"
    return ""


def _attempt(delivery: Json, attempt: Json, card: Json) -> Iterator[Moment]:
    number, worker = count(attempt.get("number")), inert(attempt.get("worker"), 100)
    named = f"attempt {number}"
    thing = _THING.get(str(attempt.get("purpose")), "attempt")
    outcome = attempt.get("outcome")
    if outcome is None or outcome == "lease_expired":
        yield Moment.of(attempt.get("started_at"), f"{named.capitalize()} began: a {thing}", f"by {worker}")
    if outcome is None:
        return
    if outcome == "lease_expired":
        yield Moment.of(
            attempt.get("ended_at"), f"The lease of {named} ran out", _lease_ended(delivery, attempt, worker)
        )
        return
    took = seconds_between(attempt.get("started_at"), attempt.get("ended_at"))
    how = joined([named, f"took {lasting(took)}" if took is not None else ""])
    yield Moment.of(
        attempt.get("ended_at"),
        _outcome(delivery, attempt, thing),
        sentence(_more(delivery, attempt, card), how),
    )


def _lease_ended(delivery: Json, attempt: Json, worker: str) -> str:
    gone = f"{worker} had vanished"
    match attempt.get("purpose"):
        case "post":
            return f"{gone} while it posted: whether the message is in Slack is in doubt"
        case "probe":
            return f"{gone} while it looked: it is as doubtful as before"
        case "hook" if delivery.get("status") == "dead":
            return f"{gone} while it called: nobody knows whether the call was taken"
        case _:
            return f"{gone}: to do it again does no harm"


def _outcome(delivery: Json, attempt: Json, thing: str) -> str:
    reason = inert(attempt.get("reason"), 100) or "no reason was told"
    where = "into the thread of its message in" if is_briefing(delivery) else "to"
    done = {
        "post": f"Posted {where} {inert(delivery.get('channel'), 100)}",
        "update": "The message was changed in place",
        "hook": "The hook took the call",
    }
    return {
        "sent": done.get(str(attempt.get("purpose")), "It was sent"),
        "adopted": "Found in Slack's history: adopted, not posted again",
        "absent": "Not in Slack's history: it is posted again",
        "unknown": f"Slack's history gave no answer: {reason}",
        "in_doubt": f"The {thing} is in doubt: {reason}",
        "dead": f"The {thing} was given up: {reason}",
    }.get(str(attempt.get("outcome")), f"The {thing} failed: {reason}")


def _more(delivery: Json, attempt: Json, card: Json) -> str:
    """What an outcome has to say beside its reason."""
    outcome, purpose = attempt.get("outcome"), attempt.get("purpose")
    if purpose == "hook" and outcome in ("sent", "dead"):
        return sentence(inert(attempt.get("error")), _answered(delivery, card))
    if outcome not in ("sent", "adopted"):
        return inert(attempt.get("error"))
    if purpose == "update":
        version = delivery.get("card_version")
        if delivery.get("digest_id"):
            return digest_of(delivery)
        return f"to version {version} of its card" if version is not None else ""
    return sentence(digest_of(delivery), message_of(delivery))


def message_of(delivery: Json) -> str:
    """Where its message is, "" when it has none."""
    channel, ts = inert(delivery.get("slack_channel_id"), 50), inert(delivery.get("slack_ts"), 50)
    return f"message {channel} {ts}" if channel and ts else ""


def _answered(delivery: Json, card: Json) -> str:
    """What the card keeps of its hook's answer, when that is this call's."""
    hook = part(part(card, "state"), "hook")
    accepted = "accepted" if delivery.get("status") == "sent" else "failed"
    if hook.get("action") != delivery.get("action") or hook.get("status") != accepted:
        return ""
    text = inert(hook.get("text"), 200)
    return joined(["" if text and text == inert(delivery.get("error"), 200) else text, inert(hook.get("url"), 200)])


def _loose_ends(delivery: Json, log: list[Json]) -> Iterator[Moment]:
    """What the row says and no attempt does: the ledger of an older pulser, or what somebody asked for."""
    outcomes = [inert(it.get("outcome"), 20) for it in log]
    status = delivery.get("status")
    if status == "sent" and not {"sent", "adopted"} & set(outcomes):
        yield Moment.of(delivery.get("sent_at"), "It was sent", message_of(delivery))
    if status == "dead" and "dead" not in outcomes and delivery.get("kind") != "hook":
        yield Moment.of(delivery.get("dead_at"), f"It was given up: {inert(delivery.get('reason'), 100)}")
    if status == "queued" and outcomes and outcomes[-1] == "dead":
        yield Moment.of(None, "Somebody asked for another try")
