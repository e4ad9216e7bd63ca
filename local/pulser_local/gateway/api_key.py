"""Who is asking, by Supabase's keys. Pure."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass, field

from pulser_local.gateway import refusals
from pulser_local.gateway.token import role_of_token


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The project's keys. Without an anonymous key nobody is anonymous; without a JWT secret no token is taken.

    Both kinds are served side by side: those that are compared (`sb_secret_…`, `sb_publishable_…`), and legacy ones,
    which are tokens.
    """

    service_role: str = field(repr=False)
    anon: str = field(default="", repr=False)
    jwt_secret: str = field(default="", repr=False)

    def role(self, apikey: str | None, authorization: str | None) -> str:
        """The database role for the two headers. Raises Refusal 401 for a missing or wrong one.

        `apikey` is always needed; a token in `Authorization` decides the role where there is one. A key of the new kind
        is no token, but clients that know only the old kind repeat it there: just that is taken.
        """
        if not apikey:
            raise refusals.no_api_key()
        role = self._role_of_key(apikey)
        scheme, _, given = (authorization or "").partition(" ")
        token = given.strip()
        if scheme.lower() != "bearer" or not token or _same(token, apikey):
            return role
        if token.startswith("sb_"):
            raise refusals.wrong_token()
        return self._known(token) or role_of_token(token, self.jwt_secret, now=time.time())

    def _role_of_key(self, key: str) -> str:
        known = self._known(key)
        if known:
            return known
        try:
            role = role_of_token(key, self.jwt_secret, now=time.time())
        except refusals.Refusal as refusal:
            raise refusals.wrong_api_key() from refusal
        if role == "authenticated":  # a user's token is no key of the project
            raise refusals.wrong_api_key()
        return role

    def _known(self, key: str) -> str | None:
        for name, known in (("service_role", self.service_role), ("anon", self.anon)):
            if known and _same(known, key):
                return name
        return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
