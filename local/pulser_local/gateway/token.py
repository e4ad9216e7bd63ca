"""The role that a signed token claims: the legacy keys, and what Supabase Auth gives its users. Pure."""

from __future__ import annotations

import jwt

from pulser_local.gateway import refusals

ROLES = frozenset({"anon", "authenticated", "service_role"})  # those that the role authenticator may become
ALGORITHM = "HS256"
# PostgREST asks for nothing else where it is told nothing else; Supabase Auth names an audience.
_CHECKS: jwt.types.Options = {"verify_aud": False, "verify_sub": False, "verify_iat": False, "verify_exp": False}


def role_of_token(token: str, secret: str, *, now: float) -> str:
    """What a token signed with HS256 claims; without a claim nobody in particular. Raises Refusal.

    `now` is the time in seconds since 1970.
    """
    if not secret:
        raise refusals.wrong_token()
    try:
        claims = jwt.decode(token, secret, algorithms=[ALGORITHM], options=_CHECKS)
    except jwt.InvalidTokenError as error:
        raise refusals.wrong_token() from error
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
    return jwt.encode(claims, secret, algorithm=ALGORITHM)
