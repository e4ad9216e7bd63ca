"""What is silenced: a silence of everything is easily forgotten. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pulser_cli.doctor.facts import LiveSilence
from pulser_cli.doctor.finding import Finding, ok, short, warning

CHECK = "silences"


def silence_findings(silences: Sequence[LiveSilence]) -> list[Finding]:
    """`silences`: those that last."""
    wide = [it for it in silences if it.covers_everything]
    if wide:
        first = wide[0]
        said = f"everything but what is critical is silenced until {short(first.ends_at)}, by {short(first.made_by)}"
        return [warning(CHECK, said, f"pulser silences end {first.silence_id}")]
    if silences:
        return [ok(CHECK, f"{len(silences)} last{'' if len(silences) > 1 else 's'}, none of everything")]
    return [ok(CHECK, "nothing is silenced")]
