"""All that came of a soak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.soak.faults import Strike
from bench.soak.figures import Latencies
from bench.soak.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """`began` in seconds since 1970, `seconds` of load. `faults` counts by kind those that met something."""

    seed: int
    began: float
    seconds: float
    settled_after: float
    slowest_insert: float
    counts: Mapping[str, int]
    times: Latencies
    strikes: Sequence[Strike]
    faults: Mapping[str, int]
    given_up: Mapping[str, int]  # reasons of deliveries
    deploys: int  # from the command to the result
    deploys_given_up: Sequence[str]
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """For figures.json, and for the table."""
        return {
            "seed": self.seed,
            "seconds": self.seconds,
            "settled_after_s": round(self.settled_after, 1),
            "slowest_insert_s": round(self.slowest_insert, 3),
            "counts": dict(self.counts),
            "latencies": self.times.to_json(),
            "faults": dict(self.faults),
            "given_up": dict(self.given_up),
            "deploys": self.deploys,
            "deploys_given_up": list(self.deploys_given_up),
            "verdict": self.verdict.to_json(),
            "strikes": [asdict(strike) for strike in self.strikes],
        }
