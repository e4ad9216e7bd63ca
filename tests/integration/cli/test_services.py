from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulser_cli.reminders_file import DEFAULT, reminders_json
from tests.fixtures.postgres import Call
from tests.integration.cli.conftest import Pulser

HOOK = "{type: webhook, url: 'https://h.example/x', secret: pulser_hook_x}"
WEBHOOK = "webhook https://h.example/x (pulser_hook_x)"
FILE = f"""
routes:
  - {{name: default, channel: "#ops-alerts", is_default: true}}
services:
  - {{service: api, environments: [staging, production], approvers: [U0123456], deploy: {HOOK}}}
  - {{service: web, environments: [production]}}
"""


def rewrite(file: Path, old: str, new: str) -> None:
    file.write_text(FILE.replace(old, new))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pulser.yaml"
    path.write_text(FILE)
    return path


async def test_apply_makes_the_services_those_of_the_file(pulser: Pulser, call: Call, file: Path) -> None:
    """What the file has is added; the output says so, a line for each service."""
    result = await pulser("services", "apply", str(file))
    assert result.stdout.splitlines() == [
        (
            "+ api: environments staging production, approval_required true, approvals 1, "
            f"approvers U0123456, deploy {WEBHOOK}"
        ),
        "+ web: environments production, approval_required true, approvals 1",
        "2 added",
    ]
    assert [it["service"] for it in await call("list_services_v1")] == ["api", "web"]


async def test_apply_makes_the_times_of_reminders_those_of_the_file(pulser: Pulser, call: Call, file: Path) -> None:
    """A severity that is not named reminds no more; a file without the key has the times of a new database."""
    rewrite(file, "services:", "reminders:\n  error: {after_min: 10, every_min: 20, at_most: 3}\nservices:")
    result = await pulser("services", "apply", str(file))
    error = "error after 15 min, then every 15 min, 6 at most → after 10 min, then every 20 min, 3 at most"
    critical = "critical after 5 min, then every 5 min, 6 at most → none"
    assert result.stdout.splitlines()[2:] == [
        f"~ reminders of all services: {error}, {critical}",
        "2 added, 1 changed",
    ]
    assert await call("reminder_times_v1") == {"error": {"after_min": 10, "every_min": 20, "at_most": 3}}
    rewrite(file, "", "")
    await pulser("services", "apply", str(file))
    assert await call("reminder_times_v1") == reminders_json(DEFAULT)


async def test_a_new_database_has_the_times_of_a_file_that_says_nothing(call: Call) -> None:
    """The migration and the file's default are one."""
    assert await call("reminder_times_v1") == reminders_json(DEFAULT)


async def test_an_escalation_list_is_applied_and_shown(pulser: Pulser, call: Call, file: Path) -> None:
    """In its order."""
    rewrite(file, "approvers: [U0123456]", "escalation: [U0123456, S0123456]")
    await pulser("services", "apply", str(file))
    assert (await call("service_policy_v1", service="api"))["escalation"] == ["U0123456", "S0123456"]
    shown = (await pulser("services", "show", "api")).stdout
    assert "Alerts escalate to   U0123456 S0123456" in shown
    assert "Reminders of alerts that nobody acknowledges: " in (await pulser("services", "show")).stdout


async def test_apply_again_changes_nothing(pulser: Pulser, file: Path) -> None:
    """Applying twice is applying once, and that is said."""
    await pulser("services", "apply", str(file))
    again = await pulser("services", "apply", str(file))
    assert again.stdout == "Nothing to change: the 2 services are as in the file.\n"


async def test_dry_run_changes_nothing(pulser: Pulser, call: Call, file: Path) -> None:
    """--dry-run tells what would change, and leaves the database as it is."""
    result = await pulser("services", "apply", str(file), "--dry-run", "--json")
    assert (json.loads(result.stdout)["applied"], json.loads(result.stdout)["added"]) == (False, 2)
    assert await call("list_services_v1") == []


async def test_diff_sees_a_hook_that_leads_elsewhere(pulser: Pulser, file: Path) -> None:
    """Hooks are compared too, though what people may do with a service does not show them."""
    await pulser("services", "apply", str(file))
    same = await pulser("services", "diff", str(file))
    rewrite(file, "h.example", "i.example")
    other = await pulser("services", "diff", str(file))
    assert (same.exit_code, same.stdout) == (0, "")
    assert (other.exit_code, other.stdout) == (
        1,
        "~ api: deploy webhook https://h.example/x (pulser_hook_x) → webhook https://i.example/x (pulser_hook_x)\n",
    )


async def test_what_the_file_does_not_have_is_removed(pulser: Pulser, call: Call, file: Path) -> None:
    """The file is the whole truth."""
    await pulser("services", "apply", str(file))
    rewrite(file, "  - {service: web, environments: [production]}\n", "")
    result = await pulser("services", "apply", str(file))
    assert "1 removed" in result.stdout.splitlines()
    assert [it["service"] for it in await call("list_services_v1")] == ["api"]


async def test_a_file_of_services_alone_is_enough(pulser: Pulser, call: Call, file: Path) -> None:
    """Whoever keeps the routes elsewhere need not repeat them."""
    rewrite(file, FILE, FILE[FILE.index("services:") :])
    result = await pulser("services", "apply", str(file))
    assert (result.exit_code, len(await call("list_services_v1"))) == (0, 2), result.output
    refused = await pulser("routes", "apply", str(file))
    assert (refused.exit_code, refused.stderr) == (2, f"Error: {file}:routes: is missing\n")
    shown = (await pulser("services", "show")).stdout
    assert [it.strip() for it in shown.splitlines()[0].split("  ") if it] == [
        "Service", "Environments", "Asked for by", "Approved by", "Rolled back by"
    ]  # fmt: skip
    assert "…" not in shown


async def test_a_file_without_services_removes_none_unasked(pulser: Pulser, call: Call, file: Path) -> None:
    """It may be one that nobody has filled in yet."""
    await pulser("services", "apply", str(file))
    rewrite(file, FILE[FILE.index("services:") :], "")
    result = await pulser("services", "apply", str(file))
    assert (result.exit_code, "--remove-all" in result.stderr) == (1, True)
    assert len(await call("list_services_v1")) == 2


async def test_all_are_removed_for_who_says_so(pulser: Pulser, call: Call, file: Path) -> None:
    """The file is the whole truth."""
    await pulser("services", "apply", str(file))
    rewrite(file, FILE[FILE.index("services:") :], "")
    result = await pulser("services", "apply", str(file), "--remove-all")
    assert result.stdout.splitlines()[-1] == "2 removed"
    assert await call("list_services_v1") == []


async def test_what_may_surprise_is_noted(pulser: Pulser, file: Path) -> None:
    """A deploy that nobody can approve is applied, and said."""
    rewrite(file, "approvers: [U0123456], ", "")
    result = await pulser("services", "apply", str(file))
    assert result.stdout.splitlines()[-1] == "Note: api: nobody can approve a deploy, approvers is empty."


async def test_a_faulty_file_changes_nothing(pulser: Pulser, call: Call, file: Path) -> None:
    """The place of the fault is on standard error, the exit code is that of wrong usage."""
    rewrite(file, "pulser_hook_x", "hook_x")
    result = await pulser("services", "apply", str(file))
    assert result.exit_code == 2
    assert "services.0.deploy.webhook.secret: must be the name of a secret in Vault" in result.stderr
    assert await call("list_services_v1") == []


async def test_show_lists_who_may_do_what(pulser: Pulser, file: Path) -> None:
    """One line a service; what cannot be done is a dash."""
    await pulser("services", "apply", str(file))
    result = await pulser("services", "show", columns=120)
    *lines, times = result.stdout.splitlines()
    assert times.startswith("Reminders of alerts that nobody acknowledges: ")
    assert [line.split() for line in lines] == [
        ["Service", "Environments", "Asked", "for", "by", "Approved", "by", "Rolled", "back", "by"],
        ["api", "staging", "production", "everybody", "U0123456", "–"],
        ["web", "production", "–", "–", "–"],
    ]


@pytest.mark.parametrize("columns", [40, 60, 66, 80])
async def test_a_narrow_terminal_breaks_no_word(pulser: Pulser, file: Path, columns: int) -> None:
    """An ID in two parts cannot be copied; where a table has no room, each service is told in lines."""
    approvers = "approvers: [S0APPROVERS, U0123456789], "
    rewrite(file, "approvers: [U0123456], ", approvers)
    await pulser("services", "apply", str(file))
    told = (await pulser("services", "show", columns=columns)).stdout
    words = {"Service", "Environments", "Approved", "S0APPROVERS", "U0123456789", "production", "everybody"}
    assert words <= set(told.split())
    assert "…" not in told


async def test_show_one_names_its_hook(pulser: Pulser, file: Path) -> None:
    """All that is known of one service; of the secret only the name."""
    await pulser("services", "apply", str(file))
    result = await pulser("services", "show", "api")
    assert f"Deployed by          {WEBHOOK}" in result.stdout.splitlines()


async def test_show_knows_no_other(pulser: Pulser) -> None:
    """A name that is not there is an error; nothing at all is a hint."""
    result = await pulser("services", "show", "ghost")
    empty = await pulser("services", "show")
    assert (result.exit_code, result.stderr) == (1, "Error: no service is named ghost\n")
    assert empty.stdout == "No services: write them into the file, then run `pulser services apply`.\n"


async def test_show_as_json(pulser: Pulser, file: Path) -> None:
    """Programs get the policies and the hooks."""
    await pulser("services", "apply", str(file))
    shown = json.loads((await pulser("services", "show", "--json")).stdout)
    assert [(it["service"], it["can_deploy"], bool(it["deploy"])) for it in shown] == [
        ("api", True, True),
        ("web", False, False),
    ]
