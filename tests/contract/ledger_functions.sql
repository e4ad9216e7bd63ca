-- Functions of the tests alone, in the schema that both transports call: what PL/pgSQL can give and do.
create function ops.test_echo(value jsonb) returns jsonb language sql as 'select value';
create function ops.test_text(value text) returns text language sql as 'select value';
create function ops.test_uuid(value uuid) returns uuid language sql as 'select value';
create function ops.test_number(value integer) returns integer language sql as 'select value';
create function ops.test_float(value double precision) returns double precision language sql as 'select value';
create function ops.test_boolean(value boolean) returns boolean language sql as 'select value';
create function ops.test_seconds(value timestamptz) returns double precision language sql
as 'select extract(epoch from value)::double precision';
create function ops.test_default(first text, second text default 'given by the function') returns text language sql
as 'select first || '' / '' || second';
create function ops.test_nothing() returns text language sql as 'select null::text';

create table ops.test_things (name text primary key check (name <> ''));
create function ops.test_insert(name text) returns text language sql security definer
as 'insert into ops.test_things (name) values (test_insert.name) returning name';
create function ops.test_count() returns bigint language sql security definer as 'select count(*) from ops.test_things';

create function ops.test_raise(code text, message text) returns text language plpgsql as $$
begin
    raise exception using errcode = code, message = message;
end;
$$;

create function ops.test_insert_and_raise(name text) returns text language plpgsql security definer as $$
begin
    insert into ops.test_things (name) values (test_insert_and_raise.name);
    raise exception using errcode = 'PT409', message = 'changed my mind';
end;
$$;

-- The server ends a statement that takes too long; 0.2 s are as good as 8.
create function ops.test_wait() returns text language sql as 'select pg_sleep(60)::text';
