"""What both ways to the database keep to: what a name may be, how long a call may take, what an error means."""

from __future__ import annotations

import re

from pulser.errors import DatabaseBehind, DatabaseRefused, DatabaseUnavailable

CALL_TIMEOUT = 10.0  # seconds; PostgREST's own limit for a statement is 8
# Statuses of what stands before PostgREST: a rate limit, and a way to the database that is broken (52x: Cloudflare).
# The client makes codes of them where the body is no JSON.
TRANSIENT_STATUSES = frozenset({429, 502, 503, 504, *range(520, 531)})
# Classes of SQLSTATE after which the same call may succeed: connection, resources, operator, serialization.
_TRANSIENT_CLASSES = ("08", "53", "57", "40")
# PostgREST's own words for: no connection, schema cache not loaded, pool timeout.
# 25006 is a read-only server, which a failover leaves behind for a moment; 55P03 a lock that was not had in time.
_TRANSIENT_CODES = frozenset({"25006", "55P03", "PGRST000", "PGRST001", "PGRST002", "PGRST003"})

_NO_SCHEMA = "3F000"
_NO_FUNCTION = "42883"  # of that name with these arguments; also any operator that the function itself lacks
_OF_OURS = re.compile(r"\bops\.\w+\(")  # in the server's words, whatever their language
NOT_IN_THE_CACHE = "PGRST202"  # PostgREST's word for both: what it has not read of the schema is not there


def identifier(name: str) -> str:
    """The name of a SQL function or argument. Raises ValueError for what is none."""
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"not a name of a SQL function or argument: {name!r}")
    return name


def of_code(code: str, message: str) -> DatabaseUnavailable | DatabaseRefused:
    """The error that a code of the server stands for."""
    if code in _TRANSIENT_CODES | {str(it) for it in TRANSIENT_STATUSES} or (
        len(code) == 5 and code.startswith(_TRANSIENT_CLASSES)
    ):
        return DatabaseUnavailable(f"the database cannot serve us now: {code}: {message}")
    if code in {_NO_SCHEMA, NOT_IN_THE_CACHE} or (code == _NO_FUNCTION and _OF_OURS.search(message)):
        # What waits for the migrations is not refused: nothing of it may be given up as unfit.
        return DatabaseBehind(code, message)
    return DatabaseRefused(code, message)


def no_answer(error: Exception) -> DatabaseUnavailable:
    """The error for a connection that broke, or that was not had."""
    return DatabaseUnavailable(f"the database does not answer: {type(error).__name__}")


def unfit(error: Exception) -> DatabaseRefused:
    """The error for an argument that no driver can send. Its text is not told: it quotes the argument."""
    return DatabaseRefused("22023", f"an argument has the wrong type: {type(error).__name__}")
