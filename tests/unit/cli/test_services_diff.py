from __future__ import annotations

from typing import Any

from pulser_cli.services_diff import changes_between

HOOK = {"type": "webhook", "url": "https://h.example/x", "secret": "pulser_hook_x"}


def service(name: str, **keys: object) -> dict[str, Any]:
    plain = {
        "environments": ["production"],
        "approval_required": True,
        "approvers": [],
        "deployers": [],
        "rollback_by": [],
        "runbook_url": None,
        "deploy": None,
        "rollback": None,
    }
    return {"service": name, **plain, **keys}


def told(held: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    return [f"{change.kind} {change.in_words()}" for change in changes_between(held, wanted)]


def test_the_same_is_no_change() -> None:
    """The order of the services does not matter, nor what the database knows beyond the file."""
    held = [service("b"), service("a", can_deploy=False)]
    assert changes_between(held, [service("a"), service("b")]) == []


def test_what_is_new_is_told_with_what_it_says() -> None:
    """A new service is told with its keys, without those that say nothing."""
    assert told([], [service("api", deploy=HOOK)]) == [
        "added api: environments production, approval_required true, deploy webhook https://h.example/x (pulser_hook_x)"
    ]


def test_what_is_gone_is_told_last() -> None:
    """What the file does not have is removed."""
    assert [it.split(":")[0] for it in told([service("old")], [service("new")])] == ["added new", "removed old"]


def test_a_change_is_told_before_and_after() -> None:
    """Each key that differs, with both values."""
    after = service("api", approvers=["U0123456"], environments=["staging", "production"])
    assert told([service("api")], [after]) == [
        "changed api: environments production → staging production, approvers none → U0123456"
    ]


def test_a_hook_that_leads_elsewhere_is_a_change() -> None:
    """A hook is compared as a whole."""
    [change] = changes_between([service("api", deploy=HOOK)], [service("api", deploy={**HOOK, "url": "https://y.z"})])
    assert set(change.keys) == {"deploy"}
