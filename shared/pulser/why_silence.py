"""A silence in the story of an event that it muted. Pure."""

from __future__ import annotations

from pulser.silence import plainly
from pulser.why_moment import Json, Moment, Who, clock, inert, part, sentence


def muted(silence: Json, at: object) -> Moment:
    """Which silence, and whose; only its event knows of it where it is not kept any more."""
    if not silence:
        return Moment.of(at, "A silence muted it", "the ledger does not keep that silence any more")
    by = part(silence, "created_by")
    told = sentence(f"silence {inert(silence.get('silence_id'), 50)}", inert(silence.get("reason"), 200))
    return Moment.of(
        at, f"The silence of {inert(plainly(silence), 120)} muted it", told, Who.of(by.get("user"), by.get("name"))
    )


def why_not(silence: Json, now: object) -> str:
    """Why there is no message, in a sentence."""
    if not silence:
        return "There is no message of it: a silence muted it."
    by = part(silence, "created_by")
    maker = inert(by.get("name") or by.get("user"), 100) or "somebody"
    return f"There is no message of it: {maker} had silenced {inert(plainly(silence), 200)}, {_end(silence, now)}."


def _end(silence: Json, now: object) -> str:
    if silence.get("is_live") is True:
        return f"until {clock(silence.get('ends_at'), now)}"
    return f"which is over since {clock(silence.get('ended_at') or silence.get('ends_at'), now)}"
