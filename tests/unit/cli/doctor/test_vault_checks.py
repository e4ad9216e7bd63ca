from __future__ import annotations

import pytest

from pulser_cli.doctor.facts import Hook, Hooks, Secret
from pulser_cli.doctor.vault_checks import vault_findings
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels, secret

REGISTRY = ("slack_bot_token", "slack_app_token", "slack_signing_secret", "slack_refresh_token", "pulser_functions_url")
HOOKS = Hooks(service="api", deploy=Hook(secret="pulser_hook_api"))
ALL = {
    "slack_bot_token": secret("slack_bot_token", "bot token"),
    "slack_app_token": secret("slack_app_token", "app token"),
    "slack_signing_secret": secret("slack_signing_secret"),
    "pulser_functions_url": secret("pulser_functions_url", "address"),
    "pulser_hook_api": secret("pulser_hook_api"),
}
WHOLE = (*REGISTRY, "pulser_hook_*")


def found_with(*changed: Secret, without: str = "", transport: str = "socket") -> list[str]:
    """The levels that are not ok, with these secrets instead."""
    there = ALL | {it.name: it for it in changed}
    there.pop(without, None)
    return [it for it in levels(vault_findings(list(there.values()), WHOLE, [HOOKS], transport)) if it != "ok"]


def test_all_that_is_needed_is_there() -> None:
    """What only token rotation uses need not be."""
    assert levels(vault_findings(list(ALL.values()), WHOLE, [HOOKS], "socket")) == ["ok"] * 5


def test_an_empty_vault() -> None:
    """All that is needed is told; what the other transport needs is a warning."""
    assert sorted(levels(vault_findings([], WHOLE, [HOOKS], "socket"))) == ["warning", *["wrong"] * 4]


@pytest.mark.parametrize(
    ("name", "transport", "level"),
    [
        ("slack_bot_token", "socket", "wrong"),
        ("slack_app_token", "socket", "wrong"),
        ("slack_app_token", "http", "warning"),
        ("slack_signing_secret", "http", "wrong"),
        ("slack_signing_secret", "socket", "warning"),
        ("pulser_hook_api", "socket", "wrong"),
    ],
)
def test_one_is_missing(name: str, transport: str, level: str) -> None:
    """By the transport that is switched on. An empty one is as one that is missing."""
    assert found_with(without=name, transport=transport) == [level]
    assert found_with(secret(name, empty=True), transport=transport) == [level]


@pytest.mark.parametrize(
    ("changed", "level"),
    [
        (secret("slack_bot_token", "app token"), ["wrong"]),
        (secret("slack_bot_token", "another token"), ["wrong"]),
        (secret("slack_app_token", None), ["wrong"]),
        (secret("slack_bot_token", "bot token", padded=True), ["wrong"]),
        (secret("pulser_functions_url", "local address"), []),
        (secret("pulser_functions_url", "open address"), ["warning"]),
        (secret("pulser_functions_url", "address with a password"), ["wrong"]),
        (secret("pulser_functions_url", None), ["wrong"]),
        (secret("pulser_functions_url", "bot token"), ["wrong"]),
        (secret("slack_refresh_token"), []),
        (secret("pulser_hook_other"), []),
        (secret("slack_bot_tokn"), ["warning"]),
        (secret("pulser_key"), ["warning"]),
        (secret("slack_webhook_url"), []),  # the project's own
    ],
)
def test_one_is_odd(changed: Secret, level: list[str]) -> None:
    """What is there cannot be what it should be, or nobody reads it."""
    assert found_with(changed) == level


def test_hostile_names_are_inert() -> None:
    """Anybody with access to Vault chooses them."""
    found = vault_findings([secret(f"pulser_{HOSTILE}")], REGISTRY, [], "socket")
    assert found[-1].level == "warning"
    assert all(is_inert(it) for it in found)
