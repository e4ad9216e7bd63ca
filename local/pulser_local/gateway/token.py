"""The role that a signed token claims: the legacy keys, and what Supabase Auth gives its users. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from pulser_local.gateway import refusals

ROLES = frozenset({"anon", "authenticated", "service_role"})  # those that the role authenticator may become


def role_of_token(token: str, secret: str, *, now: float) -> str:
    """What a token signed with HS256 claims; without a claim nobody in particular. Raises Refusal.

    `now` is the time in seconds since 1970.
    """
    claims = _verified(token, secret)
    expiry = claims.get("exp")
    if expiry is not None and (not isinstance(expiry, int | float) or expiry < now):
        raise refusals.expired_token()
    role = str(claims.get("role", "anon"))
    if role not in ROLES:
        raise refusals.role_not_to_be_had(role)
    return role


def signed_token(role: str, secret: str, *, expires: float | None = None) -> str:
    """A token as Supabase signs its legacy keys."""
    claims = {"role": role} | ({} if expires is None else {"exp": int(expires)})
    said = f"{_encoded(json.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_encoded(json.dumps(claims))}"
    return f"{said}.{_signature(said, secret)}"


def _verified(token: str, secret: str) -> dict[str, Any]:
    said, _, signature = token.rpartition(".")
    if not secret or not hmac.compare_digest(_signature(said, secret).encode(), signature.encode()):
        raise refusals.wrong_token()
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(f"{part}==")) for part in said.split("."))
    except ValueError as error:
        raise refusals.wrong_token() from error
    if not isinstance(claims, dict) or not isinstance(header, dict) or header.get("alg") != "HS256":
        raise refusals.wrong_token()
    return claims


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _signature(said: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), said.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
