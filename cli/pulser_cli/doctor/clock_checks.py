"""The clocks: the database's against this machine's and Slack's. Pure."""

from __future__ import annotations

from pulser_cli.doctor.finding import Finding, ok, warning, wrong

# A post in doubt is searched from a minute before its claim on; HTTP dates have whole seconds, and answers take time.
NOTED, TOO_FAR = 5.0, 30.0
_NTP = "let the clock be set by NTP"


def clock_finding(whose: str, ahead: float, *, of: str = "this machine's") -> Finding:
    """How far one clock is ahead of the other."""
    said = f"{whose} clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {of}"
    if abs(ahead) >= TOO_FAR:
        return wrong("clocks", f"{said}: posts in doubt may be missed, signed requests refused", _NTP)
    if abs(ahead) >= NOTED:
        return warning("clocks", said, _NTP)
    return ok("clocks", f"{whose} clock agrees with {of}")
