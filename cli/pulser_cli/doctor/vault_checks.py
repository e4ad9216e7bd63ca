"""The names in Vault against the registry, and whether what is there can be what it should be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from pulser_cli.doctor.facts import Hooks, Secret
from pulser_cli.doctor.finding import Finding, ok, short, warning, wrong

# Whose absence is no trouble: the previous signing secret, and what only token rotation uses.
OPTIONAL = frozenset({"slack_signing_secret_previous", "slack_client_secret", "slack_refresh_token"})
# What is needed by one transport is good to have for the other: it is a switch.
OF_TRANSPORT = {"slack_app_token": "socket", "slack_signing_secret": "http"}
SHAPES = {
    "slack_bot_token": ("bot token", "a bot token (xoxb-…): OAuth & Permissions in the app's settings"),
    "slack_app_token": ("app token", "an app-level token (xapp-…): Basic Information in the app's settings"),
}
LIKENESS = 0.85  # from which on a name is taken for one that was typed wrongly
ADDRESS = "pulser_functions_url"
BUTTON_KEY = "pulser_button_key"
WHERE = {
    "slack_bot_token": "OAuth & Permissions in the app's settings",
    "slack_app_token": "Basic Information, App-Level Tokens, with connections:write",
    "slack_signing_secret": "Basic Information in the app's settings",
    ADDRESS: "the address of the functions, up to and including /functions/v1",
    "pulser_function_key": "any long random text",
}


def vault_findings(
    secrets: Sequence[Secret], registry: Sequence[str], hooks: Iterable[Hooks], transport: str
) -> list[Finding]:
    """A finding for each name that is needed, and for each that nobody reads."""
    there = {it.name: it for it in secrets}
    fixed = [name for name in registry if "*" not in name]
    needed = [*fixed, *sorted(_of_hooks(hooks))]
    found = [it for name in needed if (it := _one(name, there.get(name), transport)) is not None]
    return [*found, *_strays(there, registry)]


def _of_hooks(hooks: Iterable[Hooks]) -> set[str]:
    return {hook.secret for it in hooks for hook in (it.deploy, it.rollback) if hook is not None}


def _one(name: str, secret: Secret | None, transport: str) -> Finding | None:
    store = (
        f"store it with pulser setup: {WHERE[name]}" if name in WHERE else f"store the key of the hook: {_sql(name)}"
    )
    if name == BUTTON_KEY:
        store = "make it: select ops.ensure_button_key_v1()"
    if secret is None or secret.empty:
        if name in OPTIONAL:
            return None
        said = f"{short(name)} is {'empty' if secret else 'not in Vault'}"
        of = OF_TRANSPORT.get(name, transport)
        if of != transport:
            return warning("vault", f"{said}: the transport {of} could not be switched on", store)
        return wrong("vault", said, store)
    return _filled(secret)


def _sql(name: str) -> str:
    return f"select vault.create_secret('…', '{short(name)}')"


def _filled(secret: Secret) -> Finding:
    name = short(secret.name)
    change = f"pulser setup --change {name}" if secret.name in WHERE else "change it under Database, Vault"
    if secret.padded:
        return wrong("vault", f"{name} begins or ends with white space", change)
    if secret.name in SHAPES and secret.kind != SHAPES[secret.name][0]:
        return wrong("vault", f"{name} holds {secret.kind or 'something else'}", f"store {SHAPES[secret.name][1]}")
    if secret.name == ADDRESS:
        return _address(secret)
    return ok("vault", f"{name} is there")


def _address(secret: Secret) -> Finding:
    if secret.kind in ("address", "local address"):
        return ok("vault", f"{ADDRESS} is there")
    if secret.kind == "address with a password":
        return wrong(
            "vault", f"{ADDRESS} holds a user or a password", "store it without; the key is a secret of its own"
        )
    if secret.kind == "open address":
        return warning(
            "vault", f"{ADDRESS} is not https: pulser_function_key crosses the network in the open", "use https"
        )
    return wrong("vault", f"{ADDRESS} is no address", f"store {WHERE[ADDRESS]}")


def _strays(there: Iterable[str], registry: Sequence[str]) -> Iterator[Finding]:
    """Names that are pulser's by their beginning, or nearly one of its names. Others are the project's own."""
    for name in sorted(there):
        known = any(fnmatchcase(name, pattern) for pattern in registry)
        if not known and (name.startswith("pulser_") or get_close_matches(name, registry, n=1, cutoff=LIKENESS)):
            said = f"{short(name)} is in Vault, but pulser does not read that name"
            yield warning("vault", said, "rename it to one of ssot/secrets/registry.yaml, or delete it")
