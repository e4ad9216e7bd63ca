"""The two transports of Database fail alike: the same codes, the same classes, and no secret in any text."""

from __future__ import annotations

import asyncio
import json
import secrets
from urllib.parse import urlsplit

import pytest

from pulser.database import Database, DirectDatabase
from pulser.database_rest import RestDatabase
from pulser.errors import DatabaseBehind, DatabaseRefused, DatabaseUnavailable, PulserError
from tests.contract.fake_slack import answering, fixed
from tests.contract.transport import Transport, end_backends, recovered, refusal
from tests.fixtures.postgres import Connection

REFUSED = ["P0001", "22023", "23514", "42501", "PT409", "XX000", "55000"]
UNAVAILABLE = ["25006", "40001", "40P01", "53300", "55P03", "57014", "57P01"]


async def meaning(database: Database, code: str) -> tuple[str, type[PulserError], str]:
    """What becomes of a SQLSTATE that a function raises."""
    with pytest.raises(PulserError) as caught:
        await database.call("test_raise", {"code": code, "message": "a reason of our own"})
    return code, type(caught.value), str(caught.value)


async def test_a_refusal_arrives_with_its_sqlstate(database: Database) -> None:
    """What a function raises arrives as its SQLSTATE and message."""
    assert [await meaning(database, code) for code in REFUSED] == [
        (code, DatabaseRefused, f"{code}: a reason of our own") for code in REFUSED
    ]


async def test_an_sqlstate_that_passes_is_unavailable(transport: Transport) -> None:
    """A SQLSTATE after which the same call may succeed makes the database unavailable, and says why."""
    # PostgREST up to 14 repeats a call itself that failed with 40001, for ever: no function of ours raises it.
    codes = [it for it in UNAVAILABLE if (transport.name, it) != ("postgrest", "40001")]
    assert [await meaning(transport.database, code) for code in codes] == [
        (code, DatabaseUnavailable, f"the database cannot serve us now: {code}: a reason of our own") for code in codes
    ]


async def test_a_unique_key_is_kept_by_its_code(database: Database) -> None:
    """A second row of the same key is refused as 23505."""
    await database.call("test_insert", {"name": "thing"})
    assert (await refusal(database, "test_insert", name="thing")).code == "23505"


async def test_a_refusal_quotes_no_row(database: Database) -> None:
    """The server's detail holds values of the row: it stays out of the text."""
    await database.call("test_insert", {"name": "sentinel"})
    assert "sentinel" not in str(await refusal(database, "test_insert", name="sentinel"))


async def test_a_check_is_kept_by_its_code(database: Database) -> None:
    """A value that a constraint refuses is refused as 23514."""
    assert (await refusal(database, "test_insert", name="")).code == "23514"


async def test_a_refused_call_did_nothing(database: Database) -> None:
    """One call is one transaction: what it did before it was refused is undone."""
    await refusal(database, "test_insert_and_raise", name="thing")
    assert await database.call("test_count") == 0


async def test_wrong_arguments_wait_for_the_migrations(database: Database) -> None:
    """Arguments that no function of that name takes, too few, too many, others: one with these is not there yet."""
    wrong: list[dict[str, object]] = [{}, {"value": "a", "other": 1}, {"valeu": "a"}]
    for arguments in wrong:
        with pytest.raises(DatabaseBehind, match=r"(42883|PGRST202): .*test_text"):
            await database.call("test_text", arguments)


async def test_an_unknown_function_is_told_by_its_name(database: Database) -> None:
    """A function that is not there means that the database is behind; the text names it, and what helps."""
    with pytest.raises(DatabaseBehind, match=r"apply the migrations first: (42883|PGRST202): .*no_such_function_v1"):
        await database.call("no_such_function_v1", {"value": 1})


async def test_a_schema_that_is_not_there_means_that_the_database_is_behind(plain_database_url: str) -> None:
    """Who is deployed before the very first migration is told so, too."""
    database = DirectDatabase(plain_database_url)
    with pytest.raises(DatabaseBehind, match="3F000"):
        await database.call("routes_v1")
    await database.close()


async def test_an_operator_that_is_not_there_is_a_refusal(database: Database, connection: Connection) -> None:
    """It has the code of a missing function, and no migration to wait for: the fault is the function's own."""
    body = "create function ops.test_operator() returns jsonb language plpgsql as"
    await connection.execute(f"{body} $$ begin return to_jsonb(now() + 1); end $$")
    await connection.execute("grant execute on function ops.test_operator() to service_role")
    assert (await refusal(database, "test_operator")).code == "42883"


async def test_what_is_no_name_is_our_own_mistake(database: Database) -> None:
    """A function or argument whose name is none never reaches the database."""
    for name in ("", "a b", "x(); select 1", "a.b", "../other", "größe", 'a"b'):
        with pytest.raises(ValueError, match="not a name"):
            await database.call(name)
        with pytest.raises(ValueError, match="not a name"):
            await database.call("test_text", {name: "x"})


UNFIT: list[tuple[str, object]] = [
    ("test_number", "many"),
    ("test_number", 2**31),
    ("test_number", [1]),
    ("test_boolean", "perhaps"),
    ("test_uuid", "not-a-uuid"),
    ("test_seconds", "yesterday-ish"),
    # NUL and half a surrogate pair: PostgreSQL cannot hold them, and nothing is cut off or replaced.
    *((function, text) for function in ("test_text", "test_echo") for text in ("a\x00b", "\x00", "a\ud800b")),
    # no JSON
    *(("test_echo", {"number": number}) for number in (float("nan"), float("inf"))),
    ("test_echo", {"thing": object()}),
]


async def test_a_value_that_does_not_fit_is_refused(database: Database) -> None:
    """A value that the parameter's type, PostgreSQL or JSON does not have is refused as an error of data."""
    errors = [(function, value, await refusal(database, function, value=value)) for function, value in UNFIT]
    assert [it for it in errors if not it[2].code.startswith("22")] == []


async def test_a_refused_call_leaves_the_connection_usable(database: Database) -> None:
    """After a refusal the next call works."""
    for _ in range(10):
        await refusal(database, "test_raise", code="P0001", message="no")
    assert await database.call("test_text", {"value": "yes"}) == "yes"


async def test_a_statement_that_takes_too_long_may_be_tried_again(
    transport: Transport, connection: Connection, database_url: str
) -> None:
    """The server's own limit for a statement makes the database unavailable, not refused."""
    name = urlsplit(database_url).path.removeprefix("/")
    await connection.execute(f'alter database "{name}" set statement_timeout = 200')
    await connection.execute("alter role service_role set statement_timeout = 200")
    await connection.execute("notify pgrst, 'reload config'")  # PostgREST has read the roles' settings when it started
    try:
        with pytest.raises(DatabaseUnavailable, match="57014"):
            await transport.database.call("test_wait")
    finally:
        await connection.execute("alter role service_role reset statement_timeout")


async def test_a_backend_that_is_ended_under_a_call_may_be_tried_again(
    database: Database, connection: Connection
) -> None:
    """A connection that the server ends in the middle of a call makes the database unavailable."""
    waiting = asyncio.create_task(database.call("test_wait"))
    await end_backends(connection)
    with pytest.raises(DatabaseUnavailable):
        await waiting


async def test_the_next_call_after_an_ended_backend_works(transport: Transport, connection: Connection) -> None:
    """A connection that was ended is not used again."""
    waiting = asyncio.create_task(transport.database.call("test_wait"))
    await end_backends(connection)
    await asyncio.wait([waiting])
    assert isinstance(waiting.exception(), DatabaseUnavailable)
    await recovered(transport)
    assert await transport.database.call("test_text", {"value": "again"}) == "again"


async def test_idle_connections_that_were_ended_are_replaced(transport: Transport, connection: Connection) -> None:
    """After the server ended all connections that were idle, calls work once they are noticed."""
    await asyncio.gather(*(transport.database.call("test_count") for _ in range(5)))
    await connection.execute("""
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    """)
    results = await asyncio.gather(*(transport.database.call("test_count") for _ in range(10)), return_exceptions=True)
    assert all(it == 0 or isinstance(it, DatabaseUnavailable) for it in results)
    await recovered(transport)
    assert await transport.database.call("test_count") == 0


async def test_a_server_that_is_not_there_is_unavailable(transport: Transport, closed_port: int) -> None:
    """A refused connection makes the database unavailable."""
    database = transport.elsewhere(closed_port)
    with pytest.raises(DatabaseUnavailable):
        await database.call("test_count")
    await database.close()


async def test_a_server_that_hangs_up_is_unavailable(transport: Transport) -> None:
    """A server that closes each connection at once makes the database unavailable."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    database = transport.elsewhere(server.sockets[0].getsockname()[1])
    with pytest.raises(DatabaseUnavailable):
        await database.call("test_count")
    await database.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("status", [429, 502, 503, 504, 520, 522])
@pytest.mark.parametrize(
    "body", [b"<html>", b'<a id="code">', b'{"message": "name resolution failed"}'], ids=["page", "code", "json"]
)
async def test_a_proxy_that_gives_up_is_unavailable(status: int, body: bytes) -> None:
    """What stands before the Data API answers for itself: that passes, whatever its body."""
    async with answering(fixed(body, "application/json", status=status)) as odd:
        database = RestDatabase(odd.url.removesuffix("/api/"), "key")
        with pytest.raises(DatabaseUnavailable):
            await database.call("routes_v1")
        await database.close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "PGRST000", DatabaseUnavailable),  # no connection
        (503, "PGRST001", DatabaseUnavailable),
        (503, "PGRST002", DatabaseUnavailable),  # the schema is not read yet, or an exposed one is not there
        (504, "PGRST003", DatabaseUnavailable),  # no connection of the pool was free for ten seconds
        (500, "57014", DatabaseUnavailable),
        (400, "PGRST102", DatabaseRefused),
        (401, "PGRST301", DatabaseRefused),
        (401, "PGRST303", DatabaseRefused),
        (406, "PGRST106", DatabaseRefused),
    ],
)
async def test_what_postgrest_says_for_itself_has_a_meaning(status: int, code: str, kind: type[PulserError]) -> None:
    """Its own codes are those of a database that cannot serve now, or of a call that will never do."""
    said = json.dumps({"code": code, "message": "a reason", "details": None, "hint": None}).encode()
    async with answering(fixed(said, "application/json", status=status)) as odd:
        database = RestDatabase(odd.url.removesuffix("/api/"), "key")
        with pytest.raises(kind, match=f"{code}: a reason"):
            await database.call("routes_v1")
        await database.close()


def texts(error: BaseException) -> str:
    """All that a log would show of an error and of what caused it."""
    text = ""
    chain: BaseException | None = error
    while chain is not None:
        text += f"{chain} {chain!r} "
        chain = chain.__cause__ or chain.__context__
    return text


async def test_no_error_shows_the_secret(transport: Transport, closed_port: int) -> None:
    """Neither a refusal nor an absence has the password or the key in its text."""
    away = transport.elsewhere(closed_port)
    errors = await asyncio.gather(
        transport.database.call("test_raise", {"code": "P0001", "message": "no"}),
        transport.database.call("no_such_function_v1"),
        transport.database.call("test_uuid", {"value": "no"}),
        away.call("test_count"),
        return_exceptions=True,
    )
    await away.close()
    assert [type(it) for it in errors] == [DatabaseRefused, DatabaseBehind, DatabaseRefused, DatabaseUnavailable]
    assert transport.secret not in " ".join(texts(it) for it in errors if isinstance(it, BaseException))


async def test_a_wrong_key_is_refused(data_api: tuple[str, str]) -> None:
    """The Data API with a key that is not the project's: a refusal, without the key in its text."""
    database = RestDatabase(data_api[0], "sb_secret_wrong4711")
    error = await refusal(database, "routes_v1")
    await database.close()
    assert error.code == "401"
    assert "sb_secret_wrong4711" not in texts(error)


async def test_a_wrong_password_is_refused(database_url: str, connection: Connection) -> None:
    """A direct connection with a wrong password: a refusal, without the password in its text."""
    await connection.execute("set password_encryption = 'scram-sha-256'")
    role = f"stranger_{secrets.token_hex(4)}"
    await connection.execute(f"create role {role} login password 'right'")
    parts = urlsplit(database_url)
    database = DirectDatabase(f"postgresql://{role}:wrong4711@127.0.0.1:{parts.port}{parts.path}")
    try:
        error = await refusal(database, "routes_v1")
    finally:
        await database.close()
        await connection.execute(f"drop role {role}")
    assert error.code == "28P01"
    assert "wrong4711" not in texts(error)
