"""`pulser silences`: what is silenced, what a silence would mute; begin one, end one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from pulser.blocks import clean
from pulser.database import Database
from pulser.silence import LONGEST_PATTERN, LONGEST_REASON, by_whom, passing_in_words, plainly, until_plainly
from pulser.silence_end import NotAnEnd, read_end
from pulser.why_moment import lasting
from pulser_cli.connection import DatabaseUrl, run
from pulser_cli.output import FAILED, USAGE, AsJson, ago, console, fail, print_json, print_rows, shown, shown_id, table
from pulser_cli.payload import who

app = typer.Typer(help="Silences: events that get no message for a while, and until when.", no_args_is_help=True)

Service = Annotated[str | None, typer.Option(help="Of this service; * and ? may stand in it.", show_default=False)]
EventPattern = Annotated[str, typer.Option("--type", metavar="PATTERN", help="Of these types, such as ci.*.")]
Environment = Annotated[str | None, typer.Option(help="In this environment; * and ? too.", show_default=False)]


@app.command("list")
def list_(
    *,
    over: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """What is silenced now, until when, by whom, and how many events that has muted."""
    found = run(database_url, lambda database: _list(database, live=not over, limit=limit))
    if as_json:
        print_json(found)
    elif found:
        _print_list(found)
    else:
        console().print("No silences." if over else "Nothing is silenced.")


@app.command()
def preview(
    service: Service = None,
    event_pattern: EventPattern = "*",
    environment: Environment = None,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """What such a silence would have muted of the last day. Nothing is changed."""
    asked = _patterns(service, event_pattern, environment)
    found = run(database_url, _preview_of(asked))
    if as_json:
        print_json(found)
    else:
        _print_preview(asked, found)


@app.command()
def add(
    *,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="SPAN", help="2h, 90min, 1d.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="18:00, or 2026-03-01T18:00Z; UTC.", show_default=False)
    ] = None,
    service: Service = None,
    event_pattern: EventPattern = "*",
    environment: Environment = None,
    reason: Annotated[str, typer.Option(help="Why; it is told in Slack.", show_default=False)] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every event of every service.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking whether.")] = False,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Silence a service, a type, an environment, or all. It first shows what that would have muted of the last day.

    It is told in Slack now and when it is over; critical events pass.
    """
    ends_at = _end(lasts, until)
    asked = _patterns(service, event_pattern, environment)
    if len(reason) > LONGEST_REASON:
        fail(f"--reason: {LONGEST_REASON} characters at most", code=USAGE)
    _check_selected(asked, everything=everything)
    if not yes and not sys.stdin.isatty():
        end = ["--for", str(lasts)] if lasts is not None else ["--until", str(until)]
        _refuse_unasked(asked, [*end, *(["--reason", reason] if reason else [])])
    name = who()
    begins = asked | {
        "reason": reason or None,
        "ends_at": ends_at.isoformat(),
        "created_by": {"user": None, "name": name},
    }

    async def work(database: Database) -> dict[str, Any]:
        answer: dict[str, Any] = await database.call("start_silence_v1", {"silence": begins, "actor": name})
        return answer

    if not (yes and as_json):
        _print_preview(asked, run(database_url, _preview_of(asked)), stderr=as_json)
    if not yes and not typer.confirm(f"Silence {plainly(asked)} until {_utc(ends_at)}?", default=False, err=True):
        fail("nothing is silenced")
    silence = run(database_url, work)["silence"]
    if as_json:
        print_json(silence)
    else:
        _say(f"Silenced: {plainly(silence)} until {_utc(ends_at)}.")
        _say(f"pulser silences end {silence['silence_id']}")


@app.command()
def end(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Of a silence that lasts, or how it begins.")],
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """End a silence before its time. Slack is told how much it muted."""
    name = who()

    async def work(database: Database) -> dict[str, Any]:
        meant = _meant(identifier, await _list(database, live=True, limit=1000))
        wanted = {"silence_id": meant, "ended_by": {"user": None, "name": name}, "actor": name}
        answer: dict[str, Any] = await database.call("end_silence_v1", wanted)
        return answer

    answer = run(database_url, work)
    if as_json:
        print_json(answer)
    elif answer["ended"]:
        silence = answer["silence"]
        _say(f"Heard again: {plainly(silence)}. {silence['muted']:,} muted{_types(silence['types'])}.")
    else:
        fail("it is over already")
    if not answer["ended"]:
        raise typer.Exit(FAILED)


def _preview_of(asked: Mapping[str, Any]) -> Callable[[Database], Awaitable[dict[str, Any]]]:
    async def work(database: Database) -> dict[str, Any]:
        found: dict[str, Any] = await database.call("preview_silence_v1", {"silence": dict(asked)})
        return found

    return work


async def _list(database: Database, *, live: bool, limit: int) -> list[dict[str, Any]]:
    filter_ = {"limit": limit} | ({"live": True} if live else {})
    found: list[dict[str, Any]] = await database.call("list_silences_v1", {"filter": filter_})
    return found


def _meant(identifier: str, live: list[dict[str, Any]]) -> str:
    found = [str(it["silence_id"]) for it in live if str(it["silence_id"]).startswith(identifier.casefold())]
    if len(found) != 1:
        fail("several silences begin so" if found else f"no silence that lasts begins with {clean(identifier)}")
    return found[0]


def _patterns(service: str | None, event_pattern: str, environment: str | None) -> dict[str, Any]:
    """As the SQL functions take them; "*" and "**" of a service are any."""
    for it in (service, event_pattern, environment):
        if it is not None and (not it or len(it) > LONGEST_PATTERN or any(bracket in it for bracket in "[]")):
            fail("a pattern is a text in which * stands for anything and ? for a letter, without [ and ]", code=USAGE)
    place = {"service": service, "environment": environment}
    named: dict[str, Any] = {name: it if it and it.strip("*") else None for name, it in place.items()}
    return named | {"event_pattern": event_pattern if event_pattern.strip("*") else "*"}


def _check_selected(asked: Mapping[str, Any], *, everything: bool) -> None:
    """A silence of all is said, never left over from an option that was forgotten."""
    selects = bool(asked["service"] or asked["environment"]) or asked["event_pattern"] != "*"
    if not selects and not everything:
        fail("say what: --service, --type or --environment; --all silences everything", code=USAGE)
    if selects and everything:
        fail("--all is everything: it goes without --service, --type and --environment", code=USAGE)


def _refuse_unasked(asked: Mapping[str, Any], rest: list[str]) -> NoReturn:
    options = {"--service": asked["service"], "--type": asked["event_pattern"], "--environment": asked["environment"]}
    given = [part for name, it in options.items() if it and it != "*" for part in (name, it)]
    seen = shlex.join(["pulser", "silences", "preview", *given])
    typed = shlex.join(["pulser", "silences", "add", *(given or ["--all"]), *rest, "--yes"])
    fail(f"nobody is here to be asked whether. What it would mute: {seen}\nTo do it unasked: {typed}", code=USAGE)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _end(lasts: str | None, until: str | None) -> datetime:
    if (lasts is None) == (until is None):
        fail("say when it ends: --for 2h or --until 18:00", code=USAGE)
    words = ["for", *str(lasts).split()] if lasts is not None else ["until", *str(until).split()]
    try:
        ends_at, rest = read_end(words, datetime.now(UTC))
    except NotAnEnd as error:
        return fail(str(error).replace("`", ""), code=USAGE)
    if rest:
        fail(f"{' '.join(rest)!r} is no part of a time", code=USAGE)
    return ends_at


def _print_list(found: list[dict[str, Any]]) -> None:
    columns = ["What", "Ends", "By", "Muted", "Reason", "Silence"]
    rows, now = table(columns, flexible=["What", "Ends", "Reason"], right=["Muted"]), datetime.now(UTC)
    for it in found:
        over = None if it["is_live"] else f"over {ago(it['ended_at'] or it['ends_at'])}"
        cells = (
            plainly(it),
            over or _ends(datetime.fromisoformat(it["ends_at"]), now),
            by_whom(it["created_by"]),
            f"{it['muted']:,}",
            it["reason"],
        )
        rows.add_row(*(shown(cell) for cell in cells), shown_id(it["silence_id"]))
    print_rows(rows, console())


def _ends(at: datetime, now: datetime) -> str:
    """ "18:00 UTC, in 1 h 55 min"."""
    seconds = (at - now).total_seconds()
    return f"{until_plainly(at, now)}, in {lasting(seconds if seconds < 60 else round(seconds / 60) * 60)}"


def _print_preview(asked: Mapping[str, Any], found: Mapping[str, Any], *, stderr: bool = False) -> None:
    cut = f"the newest {found['looked_through']:,} events, back to {ago(found['since'])}"
    span = cut if found["is_cut"] else "the last day"
    muted = {0: "nothing", 1: "1 message"}.get(found["muted"], f"{found['muted']:,} messages")
    tell = partial(_say, stderr=stderr)
    tell(f"A silence of {plainly(asked)} would have muted {muted} of {span}{_types(found['types'])}.")
    if found["passing"]:
        tell(passing_in_words(found["passing"]))
    for it in found["newest"]:
        told = " ".join(str(it[key]) for key in ("event_type", "service", "title") if it[key])
        tell(f"  {ago(it['at'])}  {told}  {it['event_id']}")


def _types(types: list[dict[str, Any]]) -> str:
    named = [" of ".join([f"{it['events']:,} {it['event_type']}", *filter(None, [it.get("service")])]) for it in types]
    return f": {', '.join(named)}" if named else ""


def _say(text: str, *, stderr: bool = False) -> None:
    console(stderr=stderr).print(Text(clean(text)), soft_wrap=True)
