"""Which secrets an installation needs, and whether a text can be one of them. Pure; no text here quotes a value."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pulser_cli.routes_file import RoutesFile
from pulser_local.urls import is_loopback

ADDRESS = "pulser_functions_url"
KEY = "pulser_function_key"
# By transport (docs/transport.md), the one that it can be done without.
SPARE = {"socket": "slack_signing_secret", "http": "slack_app_token"}
_WHERE = {
    "slack_bot_token": "xoxb-…, under OAuth & Permissions",
    "slack_app_token": "xapp-…, under Basic Information, App-Level Tokens",
    "slack_signing_secret": "under Basic Information",
    ADDRESS: "https://…/functions/v1, where the four functions are (docs/deploy.md)",
}
_BEGINNINGS = {"slack_bot_token": ("xoxb-", "xoxe.xoxb-"), "slack_app_token": ("xapp-",)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret that people bring. `is_spare`: only the other transport needs it."""

    name: str
    where: str
    is_spare: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether it may be seen while it is typed."""
        return self.name == ADDRESS


def wanted_secrets(file: RoutesFile, transport: str) -> list[Wanted]:
    """Slack's, the address of the functions, and one for each hook that a service names; in the order of asking."""
    slack = [Wanted(name, where, name == SPARE[transport]) for name, where in _WHERE.items()]
    return [*slack, *(Wanted(name, f"the key of {_of(users)}") for name, users in _hooks(file).items())]


def _hooks(file: RoutesFile) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for it in file.services:
        for deed, hook in (("deploy", it.deploy), ("rollback", it.rollback)):
            if hook is not None:
                found.setdefault(hook.secret, []).append(f"{deed} of {it.service}")
    return found


def _of(users: list[str]) -> str:
    return ", ".join(users[:3]) + (f" and {len(users) - 3} more" if len(users) > 3 else "")


def normal(name: str, value: str) -> str:
    """The value as it is kept: without what a paste brings along."""
    return value.strip().rstrip("/") if name == ADDRESS else value.strip()


def problem(name: str, value: str) -> str | None:
    """Why this cannot be that secret; None: it can."""
    if name == ADDRESS:
        return _problem_of_address(value)
    if any(character.isspace() for character in value):
        return "it has white space in it"
    beginnings = _BEGINNINGS.get(name)
    if beginnings and not value.startswith(beginnings):
        return f"it begins with {' or '.join(beginnings)}"
    if name == "slack_signing_secret" and value.startswith("x"):
        return "that is a token; the signing secret is 32 hexadecimal digits"
    return None


def _problem_of_address(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("https", "http") or not host:
        return "it is an address: https://…/functions/v1"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "it has no user, no password and no query"
    if parts.scheme == "http" and not is_loopback(value):
        return "it is https: the function key crosses the network"
    return None
