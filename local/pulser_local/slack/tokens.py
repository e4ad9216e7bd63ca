"""Which tokens the workspace accepts, bot tokens and app tokens, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pulser_local.slack.errors import SlackError
from pulser_local.slack.workspace import Json

TokenState = Literal["active", "revoked", "expired", "inactive"]
TokenKind = Literal["bot", "app"]

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
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

APP_SCOPES = frozenset({"connections:write"})
_APP = "xapp-"

_REFUSALS: Mapping[TokenState, str] = {
    "revoked": "token_revoked",
    "expired": "token_expired",
    "inactive": "account_inactive",
}


class Tokens:
    """The app's tokens, each with its state, and the scopes all of a kind have."""

    def __init__(self, bot_token: str, app_token: str = "") -> None:
        self.scopes = DEFAULT_SCOPES
        self.app_scopes = APP_SCOPES
        self._states: dict[str, TokenState] = {bot_token: "active"}
        if app_token:
            self._states[app_token] = "active"

    def set(self, token: str, state: TokenState) -> None:
        """Accept or refuse one token from now on."""
        self._states[token] = state

    def replace(self, states: Mapping[str, TokenState]) -> None:
        """Forget all tokens but these: the others become invalid_auth. App tokens stay unless one is named."""
        kept = {} if any(map(_is_app, states)) else {one: self._states[one] for one in self._states if _is_app(one)}
        self._states = kept | dict(states)

    def check(self, token: str, kind: TokenKind = "bot") -> None:
        """SlackError when the token is missing, unknown, no longer good or of the other kind."""
        if not token:
            raise SlackError("not_authed")
        state = self._states.get(token)
        if state is None:
            raise SlackError("invalid_auth")
        if state != "active":
            raise SlackError(_REFUSALS[state])
        if _is_app(token) is not (kind == "app"):
            raise SlackError("not_allowed_token_type")

    def require(self, scopes: Iterable[str], kind: TokenKind = "bot") -> None:
        """SlackError missing_scope unless all of the scopes were granted."""
        provided = self.scopes if kind == "bot" else self.app_scopes
        needed = sorted(set(scopes) - provided)
        if needed:
            details: Json = {"needed": ",".join(needed), "provided": ",".join(sorted(provided))}
            raise SlackError("missing_scope", details=details)


def _is_app(token: str) -> bool:
    return token.startswith(_APP)
