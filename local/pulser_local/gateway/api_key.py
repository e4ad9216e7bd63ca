"""Who is asking, by Supabase's keys. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from pulser_local.gateway import refusals


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The project's keys. Without an anonymous key nobody is anonymous."""

    service_role: str = field(repr=False)
    anon: str = field(default="", repr=False)

    def role(self, apikey: str | None, authorization: str | None) -> str:
        """The database role for the two headers. Raises Refusal 401 for a missing or wrong one.

        `apikey` is always needed; a token in `Authorization` decides the role where there is one.
        """
        if not apikey:
            raise refusals.no_api_key()
        role = self._role_of(apikey)
        if role is None:
            raise refusals.wrong_api_key()
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return role
        role = self._role_of(token.strip())
        if role is None:
            raise refusals.wrong_token()
        return role

    def _role_of(self, key: str) -> str | None:
        for name, known in (("service_role", self.service_role), ("anon", self.anon)):
            if known and hmac.compare_digest(known.encode(), key.encode()):
                return name
        return None
