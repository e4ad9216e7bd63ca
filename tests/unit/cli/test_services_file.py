from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pulser_cli.reminders_file import DEFAULT, reminders_json
from pulser_cli.routes_file import RoutesFileError, find, load
from pulser_cli.services_file import FileService

ROUTES = 'routes:\n  - {name: default, channel: "#a", is_default: true}\n'
OURS = find(Path(__file__).parent)
DEMO = OURS.parents[3] / "local" / "pulser_local" / "demo_services.yaml"
HOOK = "{type: webhook, url: 'https://h.example/x', secret: pulser_hook_x}"
GITHUB = "type: github_workflow, repository: o/r, workflow: deploy.yml, secret: pulser_hook_x"


def services_of(folder: Path, listed: str) -> tuple[FileService, ...]:
    path = folder / "pulser.yaml"
    path.write_text(f"{ROUTES}services:\n{listed}", encoding="utf-8")
    return load(path).services


def one(folder: Path, keys: str) -> FileService:
    [service] = services_of(folder, f"  - {{service: api, environments: [production], {keys}}}")
    return service


def test_a_service_is_as_the_ledger_takes_it(tmp_path: Path) -> None:
    """What is not said has its default: approval is needed, and nobody is named."""
    assert one(tmp_path, f"deploy: {{{GITHUB}}}").to_json() == {
        "service": "api",
        "environments": ["production"],
        "approval_required": True,
        "approvals": 1,
        "approvers": [],
        "deployers": [],
        "rollback_by": [],
        "runbook_url": None,
        "escalation": [],
        "deploy": {
            "type": "github_workflow",
            "repository": "o/r",
            "workflow": "deploy.yml",
            "ref": "main",
            "secret": "pulser_hook_x",
        },
        "rollback": None,
    }


@pytest.mark.parametrize(
    "hook",
    [
        "{type: webhook, url: 'https://h.example/x?a=b', secret: pulser_hook_x}",
        "{type: webhook, url: 'http://127.0.0.1:8080/x', secret: pulser_hook_x}",
        "{type: webhook, url: 'http://[::1]:8080/x', secret: pulser_hook_x}",
        "{type: webhook, url: 'http://localhost/x', secret: pulser_hook_x}",
        "{type: github_dispatch, repository: o/r.io, event_type: deploy, secret: pulser_hook_x}",
        "{type: github_workflow, repository: o/r, workflow: '161335', ref: release/1, secret: pulser_hook_x}",
    ],
)
def test_hooks(tmp_path: Path, hook: str) -> None:
    """Each way to deploy can be written down."""
    assert one(tmp_path, f"deploy: {hook}").deploy is not None


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ("colour: red", "services.0.colour: is not a key that pulser knows"),
        ("approvers: ['@alice']", "services.0.approvers.0: must be a user's ID (U…) or a user group's (S…)"),
        ("approvers: [C0123456789]", "services.0.approvers.0: must be a user's ID"),
        ("approvers: [U0123456, U0123456]", "services.0.approvers: 'U0123456' occurs twice"),
        ("approvers: [U0123456], approval_required: false", "services.0: approvers approve nothing while approval"),
        ("deployers: [U0123456]", "services.0: deployers cannot deploy: there is no deploy hook"),
        ("rollback_by: [U0123456]", "services.0: rollback_by can roll nothing back: there is no rollback hook"),
        ("runbook_url: 'javascript:alert(1)'", "services.0.runbook_url: must be an http(s) address without a user"),
        ("deploy: {type: ftp}", "services.0.deploy: "),
        ("deploy: {secret: pulser_hook_x}", "services.0.deploy: "),
        (f"deploy: {HOOK.replace('pulser_hook_x', 'x')}", "services.0.deploy.webhook.secret: must be the name"),
        (f"deploy: {HOOK.replace('pulser_hook_x', 'xoxb-1-2')}", "services.0.deploy.webhook.secret: must be the name"),
        (f"deploy: {HOOK.replace('https', 'http')}", "services.0.deploy.webhook.url: must be an https address"),
        (f"deploy: {HOOK.replace('//h.', '//u:p@h.')}", "services.0.deploy.webhook.url: must be an https address"),
        (f"deploy: {HOOK.replace('https://h.example', 'file://')}", "services.0.deploy.webhook.url: must be an https"),
        (f"deploy: {{{GITHUB.replace('o/r', 'r')}}}", "services.0.deploy.github_workflow.repository: must be owner/"),
        (f"deploy: {{{GITHUB.replace('.yml', '.sh')}}}", "services.0.deploy.github_workflow.workflow: must be a file"),
        (f"deploy: {{{GITHUB}, ref: '-x'}}", "services.0.deploy.github_workflow.ref: must be a branch or a tag"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, keys: str, error: str) -> None:
    """What cannot hold is refused before it reaches the database, with the key and the rule."""
    with pytest.raises(RoutesFileError) as refused:
        one(tmp_path, keys)
    assert error in str(refused.value)


@pytest.mark.parametrize("name", ["API", "two words", "-rf", "<!channel>", "über", "a" * 76, "''"])
def test_what_nobody_can_type_is_no_name(tmp_path: Path, name: str) -> None:
    """A service's name is one word in lower case."""
    with pytest.raises(RoutesFileError, match=r"services\.0\.service: must be"):
        services_of(tmp_path, f"  - {{service: {name}, environments: [production]}}")


def test_a_service_runs_somewhere(tmp_path: Path) -> None:
    """A service without an environment cannot be deployed anywhere."""
    with pytest.raises(RoutesFileError, match=r"services\.0\.environments: "):
        services_of(tmp_path, "  - {service: api, environments: []}")


def test_a_name_stands_once(tmp_path: Path) -> None:
    """Two policies for one service would leave open which one holds."""
    with pytest.raises(RoutesFileError, match="services: 'api' occurs twice"):
        services_of(tmp_path, "  - {service: api, environments: [a]}\n" * 2)


def test_no_value_of_a_secret_is_quoted(tmp_path: Path) -> None:
    """Who puts a token where its name belongs does not read it again in the error."""
    with pytest.raises(RoutesFileError) as refused:
        one(tmp_path, f"deploy: {HOOK.replace('pulser_hook_x', 'ghp_SENTINEL')}")
    assert "SENTINEL" not in str(refused.value)


def test_what_may_surprise_is_noted(tmp_path: Path) -> None:
    """Nobody named to approve is allowed and means that nobody can: whoever applies it is told."""
    assert one(tmp_path, f"deploy: {HOOK}, rollback: {HOOK}").notes() == [
        "api: nobody can approve a deploy, approvers is empty",
        "api: nobody can roll back, rollback_by is empty",
    ]


def test_the_example_in_our_file_is_a_service(tmp_path: Path) -> None:
    """What the comments give as a full example can be used as it stands, and leaves no key out."""
    text = OURS.read_text(encoding="utf-8")
    example = re.search(r"# A full example:\n#\n((?:#.*\n)+)", text)
    assert example is not None
    lines = [line.removeprefix("# ") for line in example[1].splitlines()]
    [service] = services_of(tmp_path, "\n".join(lines))
    assert {key for key, value in service.to_json().items() if not value} == set()


def test_our_file_has_no_services_yet() -> None:
    """What can be deployed is for each team to say."""
    assert load(OURS).services == ()


def test_the_demo_has_a_service_for_each_policy(tmp_path: Path) -> None:
    """Approval by a group, by users, none at all, and by nobody: all can be tried on a laptop."""
    text = DEMO.read_text(encoding="utf-8").replace("{local_hook_url}", "http://127.0.0.1:1/hook")
    listed = yaml.safe_dump(yaml.safe_load(text)["services"])
    told = {it.service: (it.approval_required, bool(it.approvers)) for it in services_of(tmp_path, listed)}
    assert told == {"api": (True, True), "web": (True, True), "worker": (False, False), "billing": (True, False)}


def reminders_of(folder: Path, said: str) -> dict[str, dict[str, int]]:
    path = folder / "pulser.yaml"
    path.write_text(f"{ROUTES}{said}", encoding="utf-8")
    return reminders_json(load(path).reminders)


def test_a_file_without_reminders_has_the_times_of_our_own(tmp_path: Path) -> None:
    """Errors and critical alerts remind; our own file says it in so many words."""
    assert reminders_of(tmp_path, "") == reminders_json(load(OURS).reminders) == reminders_json(DEFAULT)
    assert set(DEFAULT) == {"critical", "error"}


def test_what_is_not_named_does_not_remind(tmp_path: Path) -> None:
    """Down to nothing at all."""
    assert reminders_of(tmp_path, "reminders: {}\n") == {}
    told = {"warning": {"after_min": 60, "every_min": 30, "at_most": 6}}
    assert reminders_of(tmp_path, "reminders: {warning: {after_min: 60, every_min: 30}}\n") == told


@pytest.mark.parametrize(
    "said",
    [
        "fatal: {after_min: 1, every_min: 1}",
        "error: {after_min: 0, every_min: 1}",
        "error: {after_min: 1}",
        "error: {after_min: 1, every_min: 1441}",
        "error: {after_min: 1, every_min: 1, at_most: 21}",
        "error: {after_min: '1', every_min: 1}",
        "error: {after_min: 1, every_min: 1, mention: here}",
        "error: null",
    ],
)
def test_odd_times_are_refused(tmp_path: Path, said: str) -> None:
    """With the place in the file."""
    with pytest.raises(RoutesFileError, match="reminders"):
        reminders_of(tmp_path, f"reminders: {{{said}}}\n")


@pytest.mark.parametrize("keys", ["escalation: [bob]", "escalation: [U0123456, U0123456]", "escalation: ['<!here>']"])
def test_an_odd_escalation_list_is_refused(tmp_path: Path, keys: str) -> None:
    """Only users and user groups can be called, and each once."""
    with pytest.raises(RoutesFileError):
        one(tmp_path, keys)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ("approvals: 0", "approvals"),
        ("approvals: 11, approvers: [S0123456]", "approvals"),
        ("approvals: true", "approvals"),
        ("approvals: 2", "2 must approve, but approvers names 0"),
        ("approvals: 3, approvers: [U0123456, U0123457]", "3 must approve, but approvers names 2"),
        ("approvals: 2, approval_required: false", "approvals are not asked for"),
    ],
)
def test_approvals_that_nobody_could_give_are_refused(tmp_path: Path, keys: str, wrong: str) -> None:
    """As the database would refuse them; of a user group nobody knows how many are in it."""
    with pytest.raises(RoutesFileError, match=wrong):
        one(tmp_path, keys)
    assert one(tmp_path, "approvals: 10, approvers: [S0123456]").to_json()["approvals"] == 10


def test_approvers_who_are_just_enough_are_noted(tmp_path: Path) -> None:
    """What one of them asks for, the others are too few to approve."""
    [note] = one(tmp_path, f"approvals: 2, approvers: [U0123456, U0123457], deploy: {HOOK}").notes()
    assert note == "api: what an approver asks for, the other approvers are too few to approve, so it is refused"
    assert one(tmp_path, f"approvers: [U0123456], deploy: {HOOK}").notes() == []
    assert one(tmp_path, f"approvals: 2, approvers: [U0123456, S0123457], deploy: {HOOK}").notes() == []


@pytest.mark.parametrize(
    ("keys", "is_said"),
    [
        ("approvers: [U0123456], deployers: [U0123456]", True),
        ("approvals: 2, approvers: [U0123456, U0123457], deployers: [U0123456, U0123457]", True),
        ("approvals: 2, approvers: [U0123456, U0123457], deployers: [U0123456, U0123458]", False),
        ("approvals: 2, approvers: [U0123456, U0123457], deployers: [U0123456, S0123458]", False),
        ("approvals: 2, approvers: [U0123456, S0123457], deployers: [U0123456]", False),
    ],
)
def test_a_service_that_nobody_ever_gets_approved_is_noted(tmp_path: Path, keys: str, is_said: bool) -> None:  # noqa: FBT001
    """Whoever may ask for a deploy is one of the few who could approve it."""
    notes = one(tmp_path, f"{keys}, deploy: {HOOK}").notes()
    never = "api: no deploy can ever be approved: each of deployers is an approver, and the others are too few"
    assert (never in notes) is is_said
