"""The answer to `/pulser health`, from what was found out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from command_handler import answer
from command_handler.answer import BAD, GOOD, WARN, Answer, Json
from pulser.blocks import one_line, untrusted
from pulser.card import moment

OVERDUE_AFTER = 15.0  # seconds, as notify-dispatch's own health has it
_DAY = 86_400.0  # seconds
_GOAL = 0.995  # of the time a socket is up
_ORDER = (BAD, WARN, GOOD)
_WORDS = 250


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is: `sign` BAD, WARN or GOOD; `words` are mrkdwn."""

    what: str
    sign: str
    words: str


def health(findings: Sequence[Finding], now: datetime, took_s: float) -> Answer:
    """All parts, the worst first."""
    told = sorted(findings, key=lambda it: _ORDER.index(it.sign))
    trouble = [it.what for it in told if it.sign != GOOD]
    worst = told[0].sign if told else GOOD
    many = f"{len(trouble)} of {len(told)} need" if len(trouble) > 1 else f"1 of {len(told)} needs"
    summary = f"{worst} {many} attention: {', '.join(trouble)}" if trouble else f"{GOOD} pulser is well"
    lines = [f"{it.sign} *{it.what}*: {it.words}" for it in told]
    asked = f"Asked {answer.clock(now.isoformat())}, all at once, in {took_s:.1f} s"
    blocks = [answer.header(summary), *answer.sections(lines), answer.context(asked)]
    words = ". ".join([summary, *(f"{it.what}: {it.words}" for it in told if it.sign != GOOD)])
    facts = {"trouble": ", ".join(trouble)} if trouble else {}
    return Answer(words, blocks, facts=facts)


def in_context(findings: Sequence[Finding]) -> list[Finding]:
    """A relay may run elsewhere, or not be needed: then a function socket-relay that is down is no alarm."""
    relay_is_well = any(it.what == "Relay" and it.sign == GOOD for it in findings)
    return [
        Finding(it.what, WARN, f"{it.words}; the relay is well without it")
        if it.what == "socket-relay" and it.sign == BAD and relay_is_well
        else it
        for it in findings
    ]


def unanswered(what: str, limit_s: float) -> Finding:
    """A part that said nothing."""
    return Finding(what, BAD, f"no answer within {limit_s:.1f} s".replace(".0 s", " s"))


def down(what: str, why: str) -> Finding:
    """A part that cannot be asked; `why` is untrusted."""
    return Finding(what, BAD, untrusted(one_line(why), _WORDS))


def of_function(what: str, status: int, body: object, took_s: float) -> Finding:
    """A function by its ?action=health: the HTTP status, the JSON (None when it is none), how long it took."""
    if not isinstance(body, Mapping) or "ok" not in body:
        return down(what, f"does not answer as a function of pulser does: HTTP {status}")
    if body["ok"] is True and status == 200:
        return Finding(what, GOOD, in_ms(took_s))
    checks = body.get("checks")
    failed = list(_failed(checks)) if isinstance(checks, Mapping) else []
    return down(what, "; ".join(failed) or str(body.get("message") or f"not well, HTTP {status}"))


def _failed(checks: Json) -> Iterator[str]:
    for name, check in checks.items():
        if isinstance(check, Mapping) and check.get("ok") is not True:
            yield f"{name}: {check['message']}" if check.get("message") else f"{name} is not well"


def in_ms(took_s: float) -> str:
    """ "answers in 12 ms"."""
    return f"answers in {max(1, round(took_s * 1000))} ms"


def of_dispatch(state: Json) -> Finding:
    """The messages that wait, by `dispatch_health_v1`."""
    overdue = max(state["oldest_pending_s"] or 0.0, state["overdue_s"] or 0.0)
    waiting = state["pending_events"] + state["waiting_deliveries"]
    told = [f"{_count(waiting)} waiting, overdue by {answer.lasting(overdue)}" if overdue >= OVERDUE_AFTER else ""]
    told += [
        f"{_count(waiting)} waiting" if waiting and overdue < OVERDUE_AFTER else "",
        f"{_count(state['in_doubt'])} in doubt" if state["in_doubt"] else "",
        f"{_count(state['dead_last_hour'])} given up in the last hour" if state["dead_last_hour"] else "",
    ]
    words = ", ".join(it for it in told if it) or "none waiting"
    bad, warn = overdue >= OVERDUE_AFTER, state["in_doubt"] or state["dead_last_hour"]
    return Finding("Messages", BAD if bad else WARN if warn else GOOD, words)


def of_envelopes(state: Json) -> Finding:
    """The clicks and commands that wait, by `envelope_health_v1`."""
    oldest, pending = state["oldest_pending_s"] or 0.0, state["pending"]
    told = [
        f"{_count(pending)} waiting, the oldest for {answer.lasting(oldest)}" if pending else "",
        f"{_count(state['failed_last_hour'])} failed in the last hour" if state["failed_last_hour"] else "",
    ]
    bad = pending and oldest >= OVERDUE_AFTER
    sign = BAD if bad else WARN if state["failed_last_hour"] else GOOD
    return Finding("Clicks and commands", sign, ", ".join(it for it in told if it) or "none waiting")


def _count(number: int) -> str:
    """Counts stop at 1,000."""
    return "1,000 or more" if number >= 1000 else str(number)


def of_relay(status: Json, now: datetime) -> Finding:
    """The way from Slack, by `relay_status_v1`."""
    if status["transport"] == "http":
        return Finding("Relay", GOOD, "switched off; Slack calls the functions over HTTP")
    live, ghosts, uptime = status["live"], status["ghosts"], status["uptime_24h"]
    told = [
        f"{live or 'no'} socket{'' if live == 1 else 's'} up" + ("" if live > 1 else ", two should be"),
        f"up {_percent(uptime)} of the last {_measured(status, now)}"
        if uptime is not None
        else "up-time not measured yet",
        _gap(status.get("last_gap"), now),
        f"{ghosts} foreign connection{'s' if ghosts > 1 else ''} take{'' if ghosts > 1 else 's'} some of the clicks"
        if ghosts
        else "",
    ]
    poor = uptime is not None and uptime < _GOAL
    sign = BAD if not live else WARN if live == 1 or ghosts or poor else GOOD
    return Finding("Relay", sign, ", ".join(it for it in told if it))


def _measured(status: Json, now: datetime) -> str:
    """Over how long up-time is told: a day, or less where there is less."""
    since = moment(status.get("uptime_since"))
    seconds = (now - since).total_seconds() if since else _DAY
    return "24 h" if seconds > _DAY - 60 else answer.lasting(seconds)


def _percent(share: float) -> str:
    """Cut, not rounded: what was down for a moment was not up all the time."""
    return f"{int(share * 10_000) / 100:g} %"


def _gap(gap: object, now: datetime) -> str:
    if not isinstance(gap, Mapping):
        return ""
    seconds, until = gap.get("seconds"), gap.get("to")
    lasted = answer.lasting(float(seconds)) if isinstance(seconds, int | float) else "some time"
    return f"last gap {lasted}" + (f", {answer.ago(until, now)}" if until else ", still open")
