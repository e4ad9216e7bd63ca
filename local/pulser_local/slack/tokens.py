"""Which bot tokens the workspace accepts, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pulser_local.slack.errors import SlackError
from pulser_local.slack.workspace import Json

TokenState = Literal["active", "revoked", "expired", "inactive"]

DEFAULT_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "chat:write.public",
        "channels:read",
        "channels:history",
        "groups:read",
        "groups:history",
        "users:read",
        "usergroups:read",
    }
)

_REFUSALS: Mapping[TokenState, str] = {
    "revoked": "token_revoked",
    "expired": "token_expired",
    "inactive": "account_inactive",
}


class Tokens:
    """The app's tokens, each with its state, and the scopes all of them have."""

    def __init__(self, bot_token: str) -> None:
        self.scopes = DEFAULT_SCOPES
        self._states: dict[str, TokenState] = {bot_token: "active"}

    def set(self, token: str, state: TokenState) -> None:
        """Accept or refuse one token from now on."""
        self._states[token] = state

    def replace(self, states: Mapping[str, TokenState]) -> None:
        """Forget all tokens but these: the others become invalid_auth."""
        self._states = dict(states)

    def check(self, token: str) -> None:
        """SlackError when the token is missing, unknown or no longer good."""
        if not token:
            raise SlackError("not_authed")
        state = self._states.get(token)
        if state is None:
            raise SlackError("invalid_auth")
        if state != "active":
            raise SlackError(_REFUSALS[state])

    def require(self, scopes: Iterable[str]) -> None:
        """SlackError missing_scope unless all of the scopes were granted."""
        needed = sorted(set(scopes) - self.scopes)
        if needed:
            details: Json = {"needed": ",".join(needed), "provided": ",".join(sorted(self.scopes))}
            raise SlackError("missing_scope", details=details)
