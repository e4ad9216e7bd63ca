"""What PostgREST and Supabase's gateway answer when they refuse. Pure: facts in, status and JSON out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# PostgREST's table of SQLSTATE (or its first letters) to HTTP status; the longest that fits counts, else 400.
STATUS_OF_SQLSTATE = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57P01": 503,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0001": 400,
    "P0": 500,
    "XX": 500,
}


class Refusal(Exception):  # it is an answer, not a fault of ours
    """An answer other than the one asked for: an HTTP status and a JSON body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def status_of(sqlstate: str, *, role: str) -> int:
    """The HTTP status of a SQL error. `raise sqlstate 'PT409'` chooses its own."""
    if sqlstate == "42501":
        return 401 if role == "anon" else 403
    if sqlstate.startswith("PT") and sqlstate[2:].isdigit():
        return int(sqlstate[2:])
    for length in (5, 2):
        if status := STATUS_OF_SQLSTATE.get(sqlstate[:length]):
            return status
    return 400


def postgrest(status: int, code: str, message: str, **more: str | None) -> Refusal:
    """A refusal in PostgREST's shape; `more` are details and hint."""
    return Refusal(status, {"code": code, "details": more.get("details"), "hint": more.get("hint"), "message": message})


def no_api_key() -> Refusal:
    hint = "No `apikey` request header or url param was found."
    return Refusal(401, {"message": "No API key found in request", "hint": hint})


def wrong_api_key() -> Refusal:
    hint = "Double check your Supabase `anon` or `service_role` API key."
    return Refusal(401, {"message": "Invalid API key", "hint": hint})


def wrong_token() -> Refusal:
    return postgrest(401, "PGRST301", "No suitable key or wrong key type")


def expired_token() -> Refusal:
    return postgrest(401, "PGRST303", "JWT expired")


def role_not_to_be_had(role: str) -> Refusal:
    return postgrest(403, "42501", f'permission denied to set role "{role}"')


def wrong_schema(asked: str, exposed: Collection[str]) -> Refusal:
    hint = f"Only the following schemas are exposed: {', '.join(exposed)}"
    return postgrest(406, "PGRST106", f"Invalid schema: {asked}", hint=hint)


def wrong_method(method: str) -> Refusal:
    return postgrest(405, "PGRST101", f"Cannot use the {method} method on RPC")


def bad_json() -> Refusal:
    return postgrest(400, "PGRST102", "Empty or invalid json")


def bad_array() -> Refusal:
    return postgrest(400, "PGRST102", "All object keys must match")


def bad_content_type(content_type: str) -> Refusal:
    return postgrest(400, "PGRST102", f"Content-Type not acceptable: {content_type}")


def unknown_function_of_one(schema: str, function: str, kind: str) -> Refusal:
    """For a body that is no JSON: only a function of one unnamed parameter of that type could take it."""
    return postgrest(
        404,
        "PGRST202",
        f"Could not find the function {schema}.{function} in the schema cache",
        details=f"Searched for the function {schema}.{function} with a single unnamed {kind} parameter, but no matches"
        " were found in the schema cache.",
    )


def unknown_function(schema: str, function: str, arguments: Collection[str]) -> Refusal:
    """For a JSON body. PostgREST adds a hint where another name is near; here is none."""
    names = ", ".join(sorted(arguments))
    asked = f"({names})" if arguments else " without parameters"
    with_these = (
        f" with parameter{'s' if len(arguments) > 1 else ''} {names} or" if arguments else " without parameters or"
    )
    return postgrest(
        404,
        "PGRST202",
        f"Could not find the function {schema}.{function}{asked} in the schema cache",
        details=f"Searched for the function {schema}.{function}{with_these} with a single unnamed json/jsonb parameter,"
        " but no matches were found in the schema cache.",
    )


def ambiguous_function(signatures: Collection[str]) -> Refusal:
    return postgrest(
        300,
        "PGRST203",
        f"Could not choose the best candidate function between: {', '.join(sorted(signatures))}",
        hint="Try renaming the parameters or the function itself in the database so function overloading can be"
        " resolved",
    )


def no_database() -> Refusal:
    return postgrest(503, "PGRST002", "Could not query the database for the schema cache. Retrying.")


def pool_exhausted() -> Refusal:
    return postgrest(504, "PGRST003", "Timed out acquiring connection from connection pool.")


def body_too_large(limit: int) -> Refusal:
    return Refusal(413, {"code": "PAYLOAD_TOO_LARGE", "message": f"The request body is over {limit} bytes"})


def no_such_function() -> Refusal:
    return Refusal(404, {"code": "NOT_FOUND", "message": "Requested function was not found"})


def function_does_not_listen() -> Refusal:
    return Refusal(503, {"code": "BOOT_ERROR", "message": "Function failed to start (please check logs)"})


def function_broke_off() -> Refusal:
    message = "Function exited due to an error (please check logs)"
    return Refusal(500, {"code": "WORKER_ERROR", "message": message})


def function_silent() -> Refusal:
    return Refusal(504, {"code": "IDLE_TIMEOUT", "message": "Function did not answer in time"})


def not_served(path: str) -> Refusal:
    return Refusal(404, {"message": f"{path} is not served here; GET / lists what is"})
