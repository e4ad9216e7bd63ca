"""The answer to `/pulser status`: every service, the worst first. Pure.

A row is what `service_status_v1` tells of a service in an environment. What needs somebody is told in full; what is
well is told in short when there is much of it; what does not fit into a message is counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from command_handler import answer
from command_handler.answer import BAD, BUSY, GOOD, UNKNOWN, WARN, Answer, Json
from pulser.blocks import MESSAGE_BUDGET
from pulser.card import moment

_ORDER = (BAD, WARN, BUSY, GOOD, UNKNOWN)  # what nothing is known of needs nobody
_TAKES_LONG = 3600.0  # seconds: a deploy that has not ended for so long is worth a look
_MANY = 25  # rows: from here on, what is well is told in short
_TOGETHER = 20  # rows in a line: each has at most some 130 characters, and a paragraph takes 3,000
_ROOM = 9500  # characters of JSON for all lines; the message takes 12,000
_COUNTS = 700  # of those that say how much is left out: of the rows, and of the silences

NOTHING = (
    "Nothing is known yet: no event has named a service, and none is set up.\n"
    "As soon as CI or a deploy writes an event with a `service`, it is here. What can be deployed from Slack stands "
    "under `services:` in pulser.yaml."
)


def overview(rows: Sequence[Json], now: datetime, links: Mapping[str, str], command: str = "/pulser") -> Answer:
    """All of them. `links`: the address of a running deploy's message by its ts, where it is known."""
    if not rows:
        return answer.note(NOTHING, rows="0")
    ranked = sorted(
        rows, key=lambda row: (_ORDER.index(sign(row, now)), str(row["service"]), str(row["environment"] or ""))
    )
    summary = _summary(ranked, now)
    told = [(rows, _line(rows, now, links, in_short=quiet)) for rows, quiet in _together(ranked, now)]
    lines = list(_fitting(told, _ROOM, _length, lambda left: _left(left, now, command)))
    hint = f"As of {answer.clock(now.isoformat())} · `{command} status <service>` tells more of one"
    blocks = [answer.header(summary), *answer.sections(lines), answer.context(hint.replace("<service>", "service"))]
    return Answer(f"{summary}. " + " ".join(f"{line}." for line in lines[:8]), blocks, facts={"rows": str(len(rows))})


def sign(row: Json, now: datetime) -> str:
    """How a row is at a glance."""
    deploy, ci = row.get("deploy") or {}, row.get("ci") or {}
    if row.get("open_alerts") or deploy.get("what") == "failed":
        return BAD
    if row.get("acknowledged_alerts") or ci.get("what") == "failed" or _hangs(row, now):
        return WARN
    if row.get("running_deploy") or row.get("rollback") or deploy.get("what") == "started":
        return BUSY
    return GOOD if deploy or ci else UNKNOWN


def _hangs(row: Json, now: datetime) -> bool:
    deploy = row.get("deploy") or {}
    at = moment(deploy.get("at")) if deploy.get("what") == "started" else None
    return at is not None and (now - at).total_seconds() > _TAKES_LONG


def _summary(ranked: Sequence[Json], now: datetime) -> str:
    """The first line: what somebody wants to know who sees nothing else."""
    signs = [sign(row, now) for row in ranked]
    trouble = sum(it in {BAD, WARN} for it in signs)
    running = sum(bool(row.get("running_deploy")) for row in ranked)
    under_way = f", {running} deploy{'s' if running > 1 else ''} under way" if running else ""
    if all(it == UNKNOWN for it in signs):
        return f"{UNKNOWN} No event has told of any service yet"
    if not trouble:
        return f"{BUSY if running else GOOD} Nothing needs attention{under_way}"
    return f"{BAD if BAD in signs else WARN} {trouble} of {len(ranked)} need attention{under_way}"


def _fitting(
    told: Sequence[tuple[Sequence[Json], str]],
    room: int,
    cost: Callable[[str], int],
    left: Callable[[Sequence[Json]], str],
) -> Iterator[str]:
    """What is told of the rows, as long as there is room; then what is said of those that are left."""
    for at, (_, text) in enumerate(told):
        room -= cost(text)
        if room < 0:
            yield left([row for rows, _ in told[at:] for row in rows])
            return
        yield text


def _length(line: str) -> int:
    return len(json.dumps(line, ensure_ascii=False))


def _is_quiet(row: Json, now: datetime) -> bool:
    return sign(row, now) in {GOOD, UNKNOWN}


def _together(ranked: Sequence[Json], now: datetime) -> Iterator[tuple[Sequence[Json], bool]]:
    """The rows that are told together, and whether in short: where there are many, the quiet ones of one service."""
    for (quiet, _), found in groupby(ranked, lambda row: (_is_quiet(row, now), (sign(row, now), row["service"]))):
        rows = list(found)
        in_short = quiet and len(ranked) >= _MANY
        step = _TOGETHER if in_short else 1
        yield from ((rows[at : at + step], in_short) for at in range(0, len(rows), step))


def _line(rows: Sequence[Json], now: datetime, links: Mapping[str, str], *, in_short: bool) -> str:
    if in_short:
        return f"{sign(rows[0], now)} *{answer.name(rows[0]['service'])}* {_in_short(rows, now)}"
    return f"{sign(rows[0], now)} {_in_full(rows[0], now, links)}"


def _in_short(rows: Sequence[Json], now: datetime) -> str:
    """ "production `v2.14.0` 3 h · staging `v2.15.0` 2 min"."""
    places = [f"{answer.name(row['environment'])} " if row.get("environment") else "" for row in rows]
    return " · ".join(place + _newest(row, now) for place, row in zip(places, rows, strict=True))


def _newest(row: Json, now: datetime) -> str:
    deploy = row.get("deploy")
    if deploy:
        return f"{answer.version(deploy.get('version'))} {answer.age(deploy.get('at'), now)}".strip()
    return "CI passed" if row.get("ci") else "–"


def _left(rows: Sequence[Json], now: datetime, command: str) -> str:
    return f"… and {len(rows)} more, {_need(rows, now)}: `{command} status` with a name shows one"


def _environments_left(rows: Sequence[Json], now: datetime) -> str:
    return f"… and {len(rows)} more environment{'' if len(rows) == 1 else 's'}, {_need(rows, now)}"


def _need(rows: Sequence[Json], now: datetime) -> str:
    trouble = sum(sign(row, now) in {BAD, WARN} for row in rows)
    return f"{trouble} of them need attention" if trouble else "none of them needs attention"


def _in_full(row: Json, now: datetime, links: Mapping[str, str]) -> str:
    return f"{answer.place(row)}: " + (" · ".join(_facts(row, now, links)) or "nothing is known yet")


def _facts(row: Json, now: datetime, links: Mapping[str, str]) -> list[str]:
    told = [*alerts(row, now), rolling_back(row, now), running(row, now, links), deployed(row, now), tested(row, now)]
    return [it for it in told if it]


def alerts(row: Json, now: datetime) -> Iterator[str]:
    """ "2 open alerts, the oldest for 14 min", "1 alert in hand"."""
    count, held = row.get("open_alerts") or 0, row.get("acknowledged_alerts") or 0
    if count:
        since = answer.age(row.get("oldest_open_alert_at"), now)
        oldest = f", {'the oldest ' if count > 1 else ''}for {since}" if since else ""
        yield f"*{count} open alert{'s' if count > 1 else ''}*{oldest}"
    if held:
        yield f"{held} acknowledged alert{'s' if held > 1 else ''}"


def running(row: Json, now: datetime, links: Mapping[str, str]) -> str:
    """Who deploys, what, since when, where one can see it."""
    deploy = row.get("running_deploy")
    if not deploy:
        return ""
    who, what = answer.person(deploy.get("requested")), answer.version(deploy.get("version"))
    since = answer.age(deploy.get("since"), now)
    lasting = f" for {since}" if since else ""
    told = {
        "requested": f"{who} wants {what}, waits for approval{lasting}",
        "approved": f"{what} of {who} {_not_started(deploy)}, not started yet{lasting}",
        "started": f"{who} is deploying {what}{lasting}",
    }.get(str(deploy.get("phase")), f"deploy of {what} by {who} is {answer.name(deploy.get('phase'))}{lasting}")
    waiting = deploy.get("queued") or 0
    return told + (f", {waiting} queued behind it" if waiting else "") + _see(deploy, links)


def rolling_back(row: Json, now: datetime) -> str:
    """ "@bob is rolling back `v1.3` for 2 min": it waits for no deploy, and none for it."""
    rollback = row.get("rollback") or {}
    by = rollback.get("by")
    if not isinstance(by, Mapping):
        return ""
    since = answer.age(by.get("at"), now)
    return f"{answer.person(by)} is rolling back {answer.version(rollback.get('version'))}" + (
        f" for {since}" if since else ""
    )


def _not_started(deploy: Json) -> str:
    if deploy.get("hook") == "accepted":
        return "accepted by the deploy hook"
    return "needs no approval" if deploy.get("decision") == "not_needed" else "approved"


def _see(deploy: Json, links: Mapping[str, str]) -> str:
    url = links.get(str(deploy.get("ts")))
    if url:
        return f" ({answer.linked('see it', url)})"
    channel = str(deploy.get("channel") or "")
    return f" (in <#{channel}>)" if channel.isalnum() and channel.isascii() else ""


def deployed(row: Json, now: datetime) -> str:
    """The last deployment: its version, how it went, how long ago."""
    deploy = row.get("deploy")
    if not deploy:
        return ""
    what, when = answer.version(deploy.get("version")), answer.ago(deploy.get("at"), now)
    if deploy.get("what") == "failed":
        return answer.linked(f"deploy failed {when}".strip(), deploy.get("url")) + f", {what}"
    if deploy.get("what") == "started":
        # The running deploy says it already.
        return "" if row.get("running_deploy") else f"{what} has been going out for {answer.age(deploy.get('at'), now)}"
    return f"{what} deployed {when}".strip()


def tested(row: Json, now: datetime) -> str:
    """The last run of CI."""
    ci = row.get("ci")
    if not ci:
        return ""
    branch = f" on {answer.version(ci['branch'])}" if ci.get("branch") else ""
    words = "CI failed" if ci.get("what") == "failed" else f"CI {answer.name(ci.get('what'))}"
    return f"{answer.linked(words, ci.get('url'))}{branch} {answer.ago(ci.get('at'), now)}".rstrip()


def of_service(
    rows: Sequence[Json], policy: Json | None, now: datetime, links: Mapping[str, str], command: str = "/pulser"
) -> Answer:
    """One service, a paragraph an environment, and who may do what. `rows` are its own; not both are empty."""
    known = str(rows[0]["service"] if rows else policy and policy["service"])
    told = sorted(rows, key=lambda row: (_ORDER.index(sign(row, now)), str(row["environment"] or "")))
    signs = [sign(row, now) for row in told] or [UNKNOWN]
    head, small = answer.header(f"{min(signs, key=_ORDER.index)} {known}"), answer.context(_policy(policy, command))
    room = min(_ROOM, MESSAGE_BUDGET - _COUNTS - answer.size([head, small]))
    blocks = [head, *_paragraphs(told, room, now, links), small]
    words = ". ".join(_in_full(row, now, links) for row in told[:8])
    return Answer(words or f"{answer.name(known)}: no event has told of it yet.", blocks, facts={"service": known})


def _paragraphs(ranked: Sequence[Json], room: int, now: datetime, links: Mapping[str, str]) -> Iterator[answer.Block]:
    """One an environment; where there are many, those that are well share some."""
    if not ranked:
        yield answer.section("No event has told of it yet.")
    told = [
        (rows, f"{sign(rows[0], now)} {_in_short(rows, now)}" if quiet else _paragraph(rows[0], now, links))
        for rows, quiet in _together(ranked, now)
    ]
    yield from map(
        answer.section,
        _fitting(told, room, lambda it: answer.size([answer.section(it)]), lambda left: _environments_left(left, now)),
    )


def _paragraph(row: Json, now: datetime, links: Mapping[str, str]) -> str:
    title = answer.name(row["environment"] or "no environment named")
    facts = _facts(row, now, links) or ["nothing is known yet"]
    return "\n".join([f"{sign(row, now)} *{title}*", *(f"• {it}" for it in facts)])


def _policy(policy: Json | None, command: str) -> str:
    if policy is None:
        return "It is not set up to be deployed from Slack."
    told = [_deploy_policy(policy, command)]
    if policy["can_rollback"]:
        told.append(f"Roll back: {answer.people(policy['rollback_by'])}")
    if policy.get("runbook_url"):
        told.append(answer.linked("Runbook", policy["runbook_url"]))
    return " · ".join(told)


def _deploy_policy(policy: Json, command: str) -> str:
    if not policy["can_deploy"]:
        return "It is not set up to be deployed from Slack."
    who = answer.people(policy["deployers"]) if policy["deployers"] else "everybody"
    several = f"{policy['approvals']} of " if policy.get("approvals", 1) > 1 else ""
    by = f"approved by {several}{answer.people(policy['approvers'])}"
    approval = by if policy["approval_required"] else "no approval"
    return f"`{command} deploy {answer.name(policy['service'])}`: {who}, {approval}"


def unknown_service(said: str, near: Sequence[str], command: str, word: str) -> Answer:
    """There is no such service; perhaps it was one of these."""
    meant = " or ".join(f"`{command} {word} {answer.name(it)}`" for it in near)
    hint = f"Did you mean {meant}?" if meant else f"`{command} status` shows those that there are."
    text = f"I know no service {answer.version(said)}. {hint}"
    return answer.note(text, "refused", None, asked_for=said)
