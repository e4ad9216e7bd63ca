from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import median, quantiles
from typing import Any

from pulser_local.demo_acts import Act
from pulser_local.demo_events import DemoEvent
from pulser_local.storm import StormReport

LIMIT_P95 = 1_000.0  # milliseconds from commit to Slack's ok
LIMIT_MAX = 5_000.0  # milliseconds

Story = Mapping[str, Any]  # as event_story_v1 gives it


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that was committed. `at`: Unix time in seconds, taken just before the commit was sent."""

    event: DemoEvent
    event_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A message that stands in the simulated workspace, and the event it says it is of."""

    event_id: str
    channel: str
    ts: str
    permalink: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that arrived, with its time from commit to Slack's ok (None: the ledger does not know)."""

    event_id: str
    event_type: str
    channel: str
    latency_ms: float | None
    permalink: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What arrived and how fast, in the order of the demo's events; `problems` says what is wrong, if anything."""

    arrivals: Sequence[Arrival]
    problems: Sequence[str]
    p50_ms: float | None
    p95_ms: float | None
    max_ms: float | None
    acts: Sequence[Act] = ()
    storm: StormReport | None = None

    @property
    def ok(self) -> bool:
        """Whether each event arrived once, where it belongs, in time, and each deed was answered."""
        return not self.all_problems

    @property
    def all_problems(self) -> list[str]:
        """What is wrong with the events, the deeds and the storm."""
        deeds = [f"{it.who}, {it.what}: {it.problem}" for it in self.acts if it.problem]
        return [*self.problems, *deeds, *(self.storm.problems if self.storm else ())]

    def to_json(self) -> dict[str, Any]:
        """The report as `pulser demo --json` prints it; times in milliseconds."""
        return {
            "ok": self.ok,
            "events": [asdict(arrival) for arrival in self.arrivals],
            "acts": [act.to_json() for act in self.acts],
            **{name: getattr(self, name) for name in ("p50_ms", "p95_ms", "max_ms")},
            "storm": self.storm and self.storm.to_json(),
            "problems": list(self.problems),
        }


def judge(emitted: Sequence[Emitted], stories: Mapping[str, Story], standing: Sequence[Standing]) -> DemoReport:
    """Compare what was emitted with what stands in the workspace; the ledger's stories give times and reasons."""
    arrivals: list[Arrival] = []
    problems: list[str] = []
    for one in emitted:
        story = stories.get(one.event_id, {})
        found = [message for message in standing if message.event_id == one.event_id]
        arrivals += [_arrival(one, message, story) for message in found]
        problems += _misplaced(one, [message.channel for message in found], story)
    times = sorted(arrival.latency_ms for arrival in arrivals if arrival.latency_ms is not None)
    if len(times) < len(arrivals):
        problems.append(f"{len(arrivals) - len(times)} messages stand in Slack, but the ledger does not say so")
    p95 = _p95(times)
    if p95 is not None and p95 >= LIMIT_P95:
        problems.append(f"p95 is {p95:.0f} ms; it must be under {LIMIT_P95:.0f} ms")
    problems += [
        f"{arrival.event_type} took {arrival.latency_ms:.0f} ms; the limit is {LIMIT_MAX:.0f} ms"
        for arrival in arrivals
        if arrival.latency_ms is not None and arrival.latency_ms >= LIMIT_MAX
    ]
    return DemoReport(arrivals, problems, median(times) if times else None, p95, times[-1] if times else None)


def _arrival(one: Emitted, message: Standing, story: Story) -> Arrival:
    sent = [
        datetime.fromisoformat(delivery["sent_at"]).timestamp()
        for delivery in story.get("deliveries", ())
        if delivery.get("slack_ts") == message.ts and delivery.get("sent_at")
    ]
    latency = round((sent[0] - one.at) * 1000, 1) if sent else None
    return Arrival(one.event_id, one.event.event_type, f"#{message.channel}", latency, message.permalink)


def _misplaced(one: Emitted, found: Sequence[str], story: Story) -> list[str]:
    if not one.event.channels:
        return [f"{one.event.event_type} has no route; see: pulser routes explain {one.event.event_type}"]
    problems = []
    for channel in sorted({*one.event.channels, *found}):
        expected, times = channel in one.event.channels, found.count(channel)
        if expected and times == 0:
            problems.append(f"{one.event.event_type} is missing in #{channel}: {tell(story)}")
        elif not expected:
            problems.append(f"{one.event.event_type} stands in #{channel}, where nobody expects it")
        elif times > 1:
            problems.append(f"{one.event.event_type} stands {times} times in #{channel}")
    return problems


def tell(story: Story) -> str:
    """What the ledger knows of an event, in one line: dispatch, then each delivery with attempts and reason."""
    if not story:
        return "the ledger does not know the event"
    deliveries = [
        f"{one['channel']} is {one['status']} after {one['attempts']} attempts"
        + (f" ({': '.join(filter(None, (one.get('reason'), one.get('error'))))})" if one.get("reason") else "")
        for one in story.get("deliveries", ())
    ]
    dispatch = story.get("dispatch") or {}
    return f"dispatch {dispatch.get('status', 'unknown')}; {'; '.join(deliveries) or 'no delivery'}"


def _p95(times: Sequence[float]) -> float | None:
    if len(times) < 2:  # a quantile needs two
        return times[0] if times else None
    return quantiles(times, n=20, method="inclusive")[-1]
