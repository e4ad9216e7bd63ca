"""The functions, as the database reaches them through pg_net. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pulser_cli.doctor.facts import Answer
from pulser_cli.doctor.finding import Finding, not_checked, ok, short, warning, wrong

FUNCTIONS = ("notify-dispatch", "socket-relay", "action-handler", "command-handler")
_NET = "select net.worker_restart(); if that does not help, restart the database"
_DEPLOY = "deploy or start it, and see pulser_functions_url in Vault (docs/deploy.md)"


def function_findings(asked: Mapping[str, int] | None, answers: Mapping[int, Answer], version: str) -> list[Finding]:
    """A finding for each function; one for all where pg_net sent nothing.

    `asked`: request ids by function, None where Vault has no address.
    """
    if asked is None:
        return [not_checked("functions", "pulser_functions_url is not in Vault")]
    if asked and not any(request in answers for request in asked.values()):
        return [wrong("functions", "pg_net sent no request: its worker does not run", _NET)]
    return [_one(name, answers.get(request), version) for name, request in asked.items()]


def _one(name: str, answer: Answer | None, version: str) -> Finding:
    if answer is None or answer.timed_out:
        return wrong("functions", f"{name} does not answer the database in time", _DEPLOY)
    if answer.status is None:
        return wrong("functions", f"{name} cannot be reached from the database: {short(answer.error or '')}", _DEPLOY)
    health = _health(answer.content)
    if health is None:
        return wrong("functions", f"{name} answers with HTTP {answer.status}, and not as pulser's function", _DEPLOY)
    if health.get("function") != name:
        said = f"under {name} answers {short(health.get('function'))}"
        return wrong("functions", said, "deploy each function under its own name")
    if health["ok"] is not True:
        return wrong("functions", f"{name} is not well: {_told(health)}", f"mend that; {name} logs more")
    return _version(name, short(health.get("version")), version)


def _health(content: str | None) -> dict[str, Any] | None:
    try:
        said = json.loads(content or "")
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and "ok" in said and "function" in said else None


def _told(health: Mapping[str, Any]) -> str:
    checks = health.get("checks")
    failing = [
        f"{name}: {check.get('message') or 'fails'}"
        for name, check in (checks.items() if isinstance(checks, dict) else ())
        if isinstance(check, dict) and check.get("ok") is not True
    ]
    return short("; ".join(failing) or health.get("message") or "it does not say why")


def _version(name: str, runs: str, wanted: str) -> Finding:
    if runs == wanted:
        return ok("functions", f"{name} {runs} answers the database")
    return warning("functions", f"{name} runs {runs}, this command is {wanted}", "deploy the functions of one version")
