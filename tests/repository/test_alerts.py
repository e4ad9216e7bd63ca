"""docs/alerts.yaml and docs/runbook.md: each alarm uses what is exported, and has a section that helps."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from notify_dispatch.exposition import CATALOGUE
from pulser_cli.main import app
from socket_relay.session import TERMINAL
from tests.repository.tree import MIGRATIONS, ROOT, python_files

[GROUP] = yaml.safe_load((ROOT / "docs" / "alerts.yaml").read_text())["groups"]
ALERTS = {rule["alert"]: rule for rule in GROUP["rules"]}
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
SECTIONS = dict(re.findall(r"^### (\S.*?)\n(.*?)(?=^#|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
METRIC = re.compile(r"\bpulser_[a-z_]+")
# Fields of a Prometheus rule that are no metric, though the runbook names them in the same letters.
VAULT_NAMES = {"pulser_functions_url", "pulser_function_key"}
COMMANDS = sorted(set(re.findall(r"`(pulser [a-z][^`]*)`", RUNBOOK)))
PARTS = ("- **For people**: ", "- **First look**: ", "- **Remedy**: ", "- **Tell**: ")


def test_there_are_alarms() -> None:
    """The tests below have something to look at, and no alarm stands twice."""
    assert len(ALERTS) == len(GROUP["rules"]) > 20


def test_the_catalogue_has_what_the_ledger_gives() -> None:
    """Each name in the SQL of the metrics has its help, and nothing else has; the version is the function's own."""
    sql = [it.read_text() for it in MIGRATIONS if "_function_metrics_" in it.name]
    named = {name for text in sql for name in re.findall(r"'(pulser_[a-z_]+)'", text)}
    assert named == set(CATALOGUE) - {"pulser_build_info"}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alarm_uses_what_is_exported(alert: str) -> None:
    """A name that is not there would never raise it."""
    named = set(METRIC.findall(ALERTS[alert]["expr"]))
    assert named
    assert named <= set(CATALOGUE)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alarm_says_how_bad_it_is_and_what_it_is(alert: str) -> None:
    """In the words that pulser has for it."""
    assert ALERTS[alert]["labels"]["severity"] in {"warning", "critical"}
    assert ALERTS[alert]["annotations"]["summary"]


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alarm_has_its_section_with_its_rule(alert: str) -> None:
    """What it means for people, where to look first, what helps, and who should know."""
    section = SECTIONS[alert]
    assert section.startswith(f"\n`{ALERTS[alert]['expr']}`\n")
    assert [part for part in PARTS if section.count(part) != 1] == []
    assert re.search(r"First look\*\*: `pulser |First look\*\*: .*`pulser ", section)


def test_no_section_is_of_an_alarm_that_is_gone() -> None:
    """Sections named Pulser… are alarms of Prometheus."""
    assert [name for name in SECTIONS if name.startswith("Pulser") and name not in ALERTS] == []


def test_the_runbook_names_only_metrics_that_are_there() -> None:
    """Also in what it tells about them."""
    assert set(METRIC.findall(RUNBOOK)) - VAULT_NAMES <= set(CATALOGUE)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_runbook_is_there(line: str) -> None:
    """With its subcommands, options and the values of these."""
    command: Any = get_command(app)
    words = line.split()[1:]
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    assert not (words and isinstance(command, TyperGroup)), "there is no such subcommand"
    command.make_context(line, words)  # raises UsageError for what it does not know


def test_each_alarm_of_the_relay_is_explained() -> None:
    """Each reason that the code names has its row; the others are Slack's own words."""
    code = "".join(it.read_text() for it in python_files("functions/socket-relay/"))
    reasons = {*re.findall(r'\b[Aa]larm\(\s*"(\w+)"', code), *TERMINAL, "no_app_token"}
    assert {"ghost_connections", "app_mismatch", "app_rate_limited", "link_disabled"} <= reasons
    assert {it for it in reasons if f"| `{it}` |" not in SECTIONS["relay.alarm"]} == set()
