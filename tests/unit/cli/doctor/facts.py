"""Facts as a healthy installation has them, for the tests to change."""

from __future__ import annotations

from typing import Any

from pulser_cli.doctor.expected import ExpectedJob
from pulser_cli.doctor.facts import Answer, Job, Run, Secret, Server
from pulser_cli.doctor.finding import Finding

SWEEP = ExpectedJob("ops_sweep", "5 seconds", "select ops.sweep_v1()", each_minute_will_do=True)
DAILY = ExpectedJob("ops_prune", "17 3 * * *", "select ops.prune_v1()")
HOSTILE = "\x1b[2J<!channel> xoxb-sentinel-token\n\u202ex" + "y" * 5000


def server(**changes: Any) -> Server:  # noqa: ANN401  any field
    """A server with all three extensions."""
    extensions = [
        {"name": name, "version": version, "stand_in": None}
        for name, version in (("pg_net", "0.20.4"), ("pg_cron", "1.6.4"), ("supabase_vault", "0.3.1"))
    ]
    healthy = {
        "now": 0.0,
        "up_seconds": 1e6,
        "server_version": "17.6",
        "server_version_num": 170_006,
        "migrations": ["20260301000000"],
        "extensions": extensions,
        "exposed_schemas": "public, ops",
    }
    return Server.model_validate(healthy | changes)


def job(expected: ExpectedJob = SWEEP, **changes: Any) -> Job:  # noqa: ANN401  any field
    """A job as it is wanted, that ran a second ago."""
    healthy = {
        "name": expected.name,
        "schedule": expected.schedule,
        "command": expected.command,
        "active": True,
        "here": True,
        "last": Run(status="succeeded", seconds_ago=1.0, message=None),
    }
    return Job.model_validate(healthy | changes)


def ran(seconds_ago: float, status: str = "succeeded", message: str | None = None) -> Run:
    """A run that began so long ago."""
    return Run(status=status, seconds_ago=seconds_ago, message=message)


def secret(name: str, kind: str | None = None, *, empty: bool = False, padded: bool = False) -> Secret:
    """A secret, of which nothing is told but this."""
    return Secret(name=name, empty=empty, padded=padded, kind=kind)


def answer(content: str | None = None, *, status: int | None = 200, error: str | None = None) -> Answer:
    """What pg_net has for the request 1."""
    return Answer(id=1, status=status, timed_out=False, error=error, content=content)


def levels(findings: list[Finding]) -> list[str]:
    """The levels, in order."""
    return [it.level for it in findings]


def is_inert(finding: Finding) -> bool:
    """Whether a finding cannot steer a terminal, holds no token, and is no wall of text."""
    text = f"{finding.what}{finding.remedy}"
    return not any(it in text for it in ("\x1b", "\n", "\u202e", "sentinel")) and len(text) < 1500
