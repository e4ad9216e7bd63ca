from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from pulser_local.cron_schedule import parse_schedule
from pulser_local.standins import StandIns, install_standins
from tests.fixtures.postgres import Connection


@pytest.fixture
async def standins(plain_database_url: str) -> AsyncIterator[Connection]:
    """A connection to a database with all three stand-ins (real extensions serve another one) and no migrations."""
    assert await install_standins(plain_database_url) == StandIns(net=True, cron=True, vault=True)
    connection = await asyncpg.connect(plain_database_url)
    try:
        yield connection
    finally:
        await connection.close()


async def one_row(connection: Connection, query: str, *arguments: object) -> tuple[object, ...]:
    (row,) = await connection.fetch(query, *arguments)
    return tuple(row)


async def test_installing_twice_changes_nothing(standins: Connection, plain_database_url: str) -> None:
    """A second install keeps secrets, jobs and queued requests."""
    await standins.execute("select vault.create_secret('s', 'n'), cron.schedule('j', '* * * * *', 'select 1')")
    assert await install_standins(plain_database_url) == StandIns(net=True, cron=True, vault=True)
    kept = "select (select count(*) from vault.secrets), (select count(*) from cron.job)"
    assert await one_row(standins, kept) == (1, 1)


async def test_installs_at_the_same_time_do_not_collide(plain_database_url: str) -> None:
    """Four installs at once into one database all succeed."""
    outcomes = await asyncio.gather(*(install_standins(plain_database_url) for _ in range(4)))
    assert len(set(outcomes)) == 1


async def test_roles_are_supabases(standins: Connection) -> None:
    """The three API roles cannot log in, the authenticator can be them, and only service_role passes RLS by."""
    rows = await standins.fetch(
        "select rolname, rolcanlogin, rolbypassrls, pg_has_role('authenticator', oid, 'member') as is_member"
        " from pg_roles where rolname in ('anon', 'authenticated', 'service_role', 'authenticator') order by rolname"
    )
    assert [tuple(row) for row in rows] == [
        ("anon", False, False, True),
        ("authenticated", False, False, True),
        ("authenticator", True, False, True),
        ("service_role", False, True, True),
    ]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "Bad scheme"),
        ("localhost:80/x", "Unsupported URL scheme"),
        ("example.com", "Bad scheme"),
        ("gopher://example.com", "Unsupported URL scheme"),
        ("http://", "No host part in the URL"),
        ("http://exa mple.com", "Malformed input to a URL function"),
        ("http://u:p@", "No host part in the URL"),
        ("http://example.com:65536/", "Port number was not a decimal number between 0 and 65535"),
        ("http://example.com:99x/", "Port number was not a decimal number between 0 and 65535"),
    ],
)
async def test_bad_url_raises_in_the_transaction(standins: Connection, url: str, problem: str) -> None:
    """http_post refuses a URL that curl cannot read, and says why."""
    with pytest.raises(asyncpg.RaiseError) as refused:
        await standins.execute("select net.http_post($1)", url)
    assert refused.value.args[0] == f'invalid URL "{url}": {problem}'


async def test_null_url_raises(standins: Connection) -> None:
    """A URL that a missing secret made null is refused by the queue's constraint."""
    with pytest.raises(asyncpg.NotNullViolationError, match="url"):
        await standins.execute("select net.http_post(null)")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:54321/functions/v1/x", "https://u:p@h.example/a?b=c#d", "http://[::1]:65535/", "http://h:/"],
)
async def test_good_url_is_queued_as_it_is(standins: Connection, url: str) -> None:
    """A URL without parameters to add is not rewritten."""
    await standins.execute("select net.http_get($1)", url)
    assert await standins.fetchval("select url from net.http_request_queue") == url


async def test_parameters_are_encoded_into_the_url(standins: Connection) -> None:
    """params are appended before the fragment, percent-encoded as UTF-8."""
    await standins.execute("""select net.http_get('http://h/p?x=1#f', '{"a b": "ä&/~"}')""")
    assert await standins.fetchval("select url from net.http_request_queue") == "http://h/p?x=1&a%20b=%C3%A4%26%2F~#f"


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=utf-8"])
async def test_other_content_type_is_refused(standins: Connection, content_type: str) -> None:
    """Only the literal application/json may be posted."""
    with pytest.raises(asyncpg.RaiseError, match='must be "application/json"'):
        await standins.execute(
            "select net.http_post('http://h/', headers := jsonb_build_object('content-TYPE', $1::text))", content_type
        )


async def test_left_out_content_type_is_added(standins: Connection) -> None:
    """Own headers without a content type get it."""
    await standins.execute("""select net.http_post('http://h/', headers := '{"apikey": "k"}')""")
    headers = await standins.fetchval("select headers from net.http_request_queue")
    assert headers == '{"apikey": "k", "Content-Type": "application/json"}'


async def test_null_body_is_an_empty_one(standins: Connection) -> None:
    """body := null queues a request without a body."""
    await standins.execute("select net.http_post('http://h/', body := null)")
    assert await standins.fetchval("select body is null from net.http_request_queue")


async def test_any_role_may_queue(standins: Connection) -> None:
    """As with pg_net, every role may use the functions and see the queue."""
    await standins.execute("set role anon")
    await standins.execute("select net.http_delete('http://h/', timeout_milliseconds := 1, body := '[1]')")
    row = await one_row(standins, "select method, timeout_milliseconds, body from net.http_request_queue")
    assert row == ("DELETE", 1, b"[1]")


async def test_tables_are_unlogged(standins: Connection) -> None:
    """A crash of the server empties queue and responses, as it does with pg_net."""
    persistence = "select array_agg(distinct relpersistence) from pg_class where relkind = 'r' and relnamespace = $1"
    net = await standins.fetchval("select 'net'::regnamespace::oid")
    assert await standins.fetchval(persistence, net) == [b"u"]


async def test_missing_worker_is_said(standins: Connection) -> None:
    """check_worker_is_up raises where no worker serves this database."""
    with pytest.raises(asyncpg.RaiseError, match="worker is not up"):
        await standins.execute("select net.check_worker_is_up()")


async def test_secret_can_be_read_back(standins: Connection) -> None:
    """create_secret gives an id under which decrypted_secrets has the secret."""
    secret_id = await standins.fetchval("select vault.create_secret('s3cret', 'name', 'why')")
    row = await one_row(
        standins, "select name, description, decrypted_secret from vault.decrypted_secrets where id = $1", secret_id
    )
    assert row == ("name", "why", "s3cret")


async def test_secret_name_is_unique(standins: Connection) -> None:
    """A second secret of the same name is refused with 23505; unnamed ones are not."""
    await standins.execute("select vault.create_secret('a'), vault.create_secret('b'), vault.create_secret('c', 'n')")
    with pytest.raises(asyncpg.UniqueViolationError):
        await standins.execute("select vault.create_secret('d', 'n')")


async def test_update_keeps_what_is_null(standins: Connection) -> None:
    """update_secret changes the secret and leaves name and description."""
    secret_id = await standins.fetchval("select vault.create_secret('old', 'name', 'why')")
    await standins.execute("select vault.update_secret($1, 'new')", secret_id)
    row = await one_row(standins, "select name, description, decrypted_secret from vault.decrypted_secrets")
    assert row == ("name", "why", "new")


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize(
    "statement",
    ["select * from vault.decrypted_secrets", "select * from vault.secrets", "select vault.create_secret('x')"],
)
async def test_api_roles_cannot_reach_the_vault(standins: Connection, role: str, statement: str) -> None:
    """anon and authenticated have no way in."""
    await standins.execute(f"set role {role}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await standins.execute(statement)


async def test_service_role_reads_but_does_not_write_the_table(standins: Connection) -> None:
    """service_role creates by the function and reads the view; INSERT and UPDATE on the table are not its."""
    await standins.execute("set role service_role")
    await standins.execute("select vault.create_secret('s', 'n')")
    assert await standins.fetchval("select decrypted_secret from vault.decrypted_secrets") == "s"
    for statement in ("insert into vault.secrets (secret) values ('x')", "update vault.secrets set name = 'x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await standins.execute(statement)


async def test_schedule_upserts_by_name_and_user(standins: Connection) -> None:
    """Scheduling a name again changes that job; unnamed jobs are always new."""
    first = await standins.fetchval("select cron.schedule('j', '* * * * *', 'select 1')")
    second = await standins.fetchval("select cron.schedule('j', '5 seconds', 'select 2')")
    assert first == second
    row = await one_row(standins, "select schedule, command, username, active, database from cron.job")
    assert row == ("5 seconds", "select 2", "postgres", True, await standins.fetchval("select current_database()"))
    unnamed = "select cron.schedule('* * * * *', 'select 1') <> cron.schedule('* * * * *', 'select 1')"
    assert await standins.fetchval(unnamed)


@pytest.mark.parametrize("argument", ["'j'", "1"])
async def test_unschedule_by_name_or_id(standins: Connection, argument: str) -> None:
    """unschedule removes the job and says true."""
    await standins.execute("select cron.schedule('j', '* * * * *', 'select 1')")
    assert await standins.fetchval(f"select cron.unschedule({argument})") is True
    assert await standins.fetchval("select count(*) from cron.job") == 0


async def test_unscheduling_nothing_raises(standins: Connection) -> None:
    """A name that is not scheduled is an error in pg_cron's words."""
    with pytest.raises(asyncpg.PostgresError, match="could not find valid entry for job 'j'"):
        await standins.execute("select cron.unschedule('j')")


async def test_alter_job_keeps_what_is_null(standins: Connection) -> None:
    """alter_job changes what it is given, and refuses a bad schedule."""
    job = await standins.fetchval("select cron.schedule('j', '* * * * *', 'select 1')")
    await standins.execute("select cron.alter_job($1, schedule := '10 seconds', active := false)", job)
    assert await one_row(standins, "select schedule, command, active from cron.job") == (
        "10 seconds",
        "select 1",
        False,
    )
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await standins.execute("select cron.alter_job($1, schedule := 'x')", job)


SCHEDULES = """* * * * *|5 4 * * *|*/5 * * * *|0-30/10 1,2,3 1-7 jan-mar mon|0 0 $ * *|0 0 * * 7|@hourly|@reboot|
1 second|59 seconds|5  Seconds|0 seconds|60 seconds|5 second s|* * * *|* * * * * *|60 * * * *|* 24 * * *|* * 0 * *|
* * 32 * *|* * * 13 *|* * * * 8|*/0 * * * *|5-1 * * * *|x * * * *|1,,2 * * * *|@never|a b c d e| |-1 seconds"""


@pytest.mark.parametrize("schedule", [schedule.strip("\n") for schedule in SCHEDULES.split("|")])
async def test_sql_and_worker_accept_the_same_schedules(standins: Connection, schedule: str) -> None:
    """What cron.schedule takes the worker can run; anything else is 'invalid schedule' in both."""
    try:
        parse_schedule(schedule)
    except ValueError:
        with pytest.raises(asyncpg.InvalidParameterValueError, match="invalid schedule: "):
            await standins.execute("select cron.schedule('j', $1, 'select 1')", schedule)
    else:
        await standins.execute("select cron.schedule('j', $1, 'select 1')", schedule)


async def test_other_roles_have_no_access_to_cron(standins: Connection) -> None:
    """service_role may neither read nor schedule jobs, as on hosted Supabase."""
    await standins.execute("set role service_role")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await standins.execute("select cron.schedule('j', '* * * * *', 'select 1')")


async def test_granted_role_sees_its_own_jobs_only(standins: Connection) -> None:
    """With usage on the schema a role schedules in its own name, and sees no other's jobs."""
    await standins.execute("select cron.schedule('j', '* * * * *', 'select 1'); grant usage on schema cron to anon")
    await standins.execute("set role anon")
    await standins.execute("select cron.schedule('j', '* * * * *', 'select 2')")
    assert [tuple(row) for row in await standins.fetch("select username, command from cron.job")] == [
        ("anon", "select 2")
    ]
