"""The tables, in Markdown. Pure: figures in, text out. What was not measured is a dash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import best, ratio

Figures = Mapping[str, Any]
OURS = "pulser"
SHOWN = {"pulser": "**pulser relay**", "sdk-aiohttp": "slack_sdk (aiohttp)"} | {
    f"bolt-{it}": f"Bolt ({it})" for it in ("aiohttp", "websockets")
}
NONE = "–"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def shown(value: object) -> str:
    """A cell. Numbers have as many digits as they are worth."""
    match value:
        case None:
            return NONE
        case int() | float() if not isinstance(value, bool):
            digits = 0 if isinstance(value, int) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
            return f"{value:,.{digits}f}"
        case _:
            return str(value)


def at(figures: Any, *path: str) -> Any:  # noqa: ANN401  # JSON
    """What stands there, None where nothing does."""
    for name in path:
        figures = figures.get(name) if isinstance(figures, Mapping) else None
    return figures


def rates_of(peers: Figures) -> list[str]:
    """The rates that were measured, as they are named, from the smallest."""
    return sorted((it for it in at(peers, OURS) or {} if it.isdecimal()), key=int)


def machine(content: Figures) -> str:
    """One line of what it was measured on."""
    told = content["machine"]
    database = f", Postgres {told['postgres']}" if told.get("postgres") else ""
    return (
        f"{told['processor']}, {told['cores']} cores, {told['memory']} of memory, {told['kernel']}, "
        f"Python {told['python']}{database}; load {told['load']} at the end; commit {told['commit']}, "
        f"{told['at'][:10]}."
    )


def _others(peers: Figures, *path: str, largest: bool = False) -> float | None:
    """The best of the peers: the smallest figure, or the largest."""
    found = [{"it": at(figures, *path)} for name, figures in peers.items() if name != OURS]
    if not largest:
        return best(found, "it")
    return max((row["it"] for row in found if row["it"] is not None), default=None)


def envelope_ratios(peers: Figures) -> list[list[object]]:
    """pulser's relay beside the best of its peers, figure by figure."""
    rows: list[list[object]] = []
    for rate in rates_of(peers):
        for name, path in (
            ("processor s per 1,000 envelopes", ("cpu_s_per_1000",)),
            ("ack p99, ms", ("ack", "p99_ms")),
        ):
            ours, best_other = at(peers, OURS, rate, *path), _others(peers, rate, *path)
            rows.append([f"{name} at {rate} a second", ours, best_other, ratio(ours, best_other)])
    ours, best_other = (
        at(peers, OURS, "as_many", "acks_per_cpu_s"),
        _others(peers, "as_many", "acks_per_cpu_s", largest=True),
    )
    rows.append(["acks per processor second, as many as it takes", ours, best_other, ratio(ours, best_other)])
    for name, path in (
        ("slowest ack at a refresh, ms", ("refresh", "slowest_ack_ms")),
        ("a half-open connection is replaced after, s", ("half_open", "replaced_after_s")),
    ):
        ours, best_other = at(peers, OURS, *path), _others(peers, *path)
        rows.append([name, ours, best_other, ratio(ours, best_other)])
    return rows


def event_ratios(figures: Figures) -> list[list[object]]:
    """pulser beside the empty function."""
    rows: list[list[object]] = []
    for rate in at(figures, OURS) or {}:
        name = f"event to Slack {'from rest' if rate == 'from rest' else f'at {rate} a second'}"
        for cut in ("p50_ms", "p99_ms"):
            ours, floor = at(figures, OURS, rate, "to_slack", cut), at(figures, "floor", rate, "to_slack", cut)
            rows.append([f"{name}, {cut.removesuffix('_ms')}, ms", ours, floor, ratio(ours, floor)])
    return rows


def envelopes(peers: Figures) -> str:
    """Each peer at each rate."""
    head = ["peer", "envelopes a second", "ack p50, ms", "p99", "click p50", "event p50", "no ack in 3 s"]
    head += ["processor s per 1,000", "of the database"]
    rows = [
        [
            SHOWN.get(name, name),
            int(rate) if rate.isdecimal() else f"as many as it takes: {it['acked_per_second']:,.0f}",
        ]
        + [
            at(it, *path.split())
            for path in ("ack p50_ms", "ack p99_ms", "clicks p50_ms", "events p50_ms", "not_acked")
        ]
        + [it["cpu_s_per_1000"], it["database_cpu_s_per_1000"]]
        for rate in [*rates_of(peers), "as_many"]
        for name, figures in peers.items()
        if (it := figures.get(rate)) is not None
    ]
    return table(head, rows)


def troubles(peers: Figures) -> str:
    """Memory, a refresh, a half-open connection."""
    head = ["peer", "peak memory, MB", "refresh: none open, s", "slowest ack, ms", "not acked"]
    head += ["half-open: replaced after, s", "none usable, s", "not acked"]
    rows = [
        [SHOWN.get(name, name), it.get("peak_mb")]
        + [at(it, "refresh", key) for key in ("without_s", "slowest_ack_ms", "not_acked")]
        + [at(it, "half_open", key) for key in ("replaced_after_s", "without_s", "not_acked")]
        for name, it in peers.items()
    ]
    return table(head, rows)


def events(figures: Figures) -> str:
    """pulser and the floor at each rate."""
    rows = [
        [who if who == OURS else "empty function", rate]
        + [at(it, "to_slack", cut) for cut in ("p50_ms", "p95_ms", "p99_ms", "worst_ms")]
        + [it["missing"]]
        for rate in at(figures, OURS) or {}
        for who in (OURS, "floor")
        if (it := at(figures, who, rate)) is not None
    ]
    return table(["chain", "events a second", "p50, ms", "p95", "p99", "worst", "missing"], rows)


def burst(figures: Figures) -> str:
    """Ten thousand events at once."""
    it = figures["burst"]
    rows: list[list[object]] = [
        ["events", it["events"]],
        ["routed into the outbox", it["routed"]],
        ["committed in, s", it["inserted_s"]],
        ["all in the outbox after, s", it["outbox_s"]],
        ["events a second into the outbox", it["per_second"]],
        ["rings of functions (wake-ups)", it["rings"]],
        ["database time per event, ms", it["database_ms_per_event"]],
    ]
    rows += [[f"… of it `{name}`", took] for name, took in it["by_function_ms_per_event"].items()]
    return table(["a burst", ""], rows)


def starts(figures: Figures) -> str:
    """Each bundle and the hello."""
    head = ["function", "first 200 after, s", "times hello", "processor s", "MB at the first", "MB after the requests"]
    rows = [
        [name, it["first_200_s"], it["ratio_to_hello"], it["cpu_s"], it["mb_at_first"], it["mb_after"]]
        for name, it in figures["functions"].items()
    ]
    return table(head, rows)


def acks(figures: Figures) -> str:
    """People on the whole of pulser."""
    rows = [
        [f"{kind}, {figures[f'{kind}_per_second']:g} a second"]
        + [figures[kind].get(cut) for cut in ("p50_ms", "p95_ms", "p99_ms", "worst_ms", "not_acked")]
        for kind in ("clicks", "commands")
    ]
    return table(["what people do", "ack p50, ms", "p95", "p99", "worst", "no ack"], rows)


def growth(figures: Figures) -> str:
    """Each function at each size."""
    sizes = sorted(figures["rows"], key=int)
    head = ["function", *(f"{int(it):,} rows: ms" for it in sizes), *(f"{int(it):,}: buffers" for it in sizes)]
    head += ["ms, last to first", "buffers, last to first"]
    rows = [
        [f"`{name}`"]
        + [figures["rows"][size][name]["ms"] for size in sizes]
        + [figures["rows"][size][name]["buffers"] for size in sizes]
        + [grown["ms"], grown["buffers"]]
        for name, grown in figures["growth"].items()
    ]
    return table(head, rows)
