-- Stand-in of pg_net 0.20.4: the same schema, signatures, checks and grants. net_worker.py is its worker.
create schema net;

create domain net.http_method as text
    check (value ilike 'get' or value ilike 'post' or value ilike 'delete');

-- Unlogged as in pg_net: a crash of the server empties both and starts the ids again at 1.
create unlogged table net.http_request_queue (
    id bigserial,
    method net.http_method not null,
    url text not null,
    headers jsonb,
    body bytea,
    timeout_milliseconds int not null
);

create unlogged table net._http_response (
    id bigint,
    status_code integer,
    content_type text,
    headers jsonb,
    content text,
    timed_out boolean,
    error_msg text,
    created timestamptz not null default now()
);
create index on net._http_response (created);

-- pg_notify is delivered at commit, once per transaction, and not at all after a rollback: the wake of pg_net.
create function net.wake() returns void
    language sql
    set search_path = ''
    as $$ select pg_catalog.pg_notify('net_wake', ''); $$;

create function net.worker_restart() returns boolean
    language plpgsql
    set search_path = ''
as $$
begin
    perform net.wake();
    return true;
end;
$$;

-- The worker holds this advisory lock for as long as it is connected; everybody may see it in pg_locks.
create function net.check_worker_is_up() returns void
    language plpgsql
    set search_path = ''
as $$
begin
    if not exists (
        select
        from pg_catalog.pg_locks
        where locktype = 'advisory' and granted and classid = 0 and objid = 543584 and objsubid = 1
            and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
    ) then
        raise exception using
            message = 'the pg_net background worker is not up',
            detail = 'the pg_net background worker is down due to an internal error and cannot process requests',
            hint = 'start `pulser dev`, or a NetWorker of your own';
    end if;
end;
$$;

create function net.wait_until_running() returns void
    language plpgsql
    set search_path = ''
as $$
begin
    loop
        begin
            perform net.check_worker_is_up();
            return;
        exception when raise_exception then
            perform pg_catalog.pg_sleep(0.05);
        end;
    end loop;
end;
$$;

create function net._urlencode_string(string varchar) returns text
    language sql
    immutable strict
    set search_path = ''
as $$
    select coalesce(pg_catalog.string_agg(
        case
            when letter ~ '[A-Za-z0-9_.~-]' then letter
            else pg_catalog.regexp_replace(
                pg_catalog.upper(pg_catalog.encode(pg_catalog.convert_to(letter, 'UTF8'), 'hex')), '(..)', '%\1', 'g'
            )
        end, '' order by position
    ), '')
    from pg_catalog.regexp_split_to_table(string, '') with ordinality as letters (letter, position)
$$;

-- Refuses, inside the caller's transaction and in curl's words, what curl's URL parser refuses.
create function net._encode_url_with_params_array(url text, params_array text[]) returns text
    language plpgsql
    immutable strict
    set search_path = ''
as $$
declare
    query text := pg_catalog.array_to_string(params_array, '&');
    host_and_port text := pg_catalog.regexp_replace(
        pg_catalog.substring(url, '^[^:]+://([^/?#]*)'), '^.*@', ''  -- without user and password
    );
    port text := pg_catalog.substring(host_and_port, '^(?:\[[^]]*\]|[^:]*):(.*)$');
    problem text;
    base text;
    fragment text;
begin
    problem := case
        when url ~ '[[:cntrl:][:space:]]' then 'Malformed input to a URL function'
        when url !~ '^[A-Za-z][A-Za-z0-9+.-]*:' then 'Bad scheme'
        when url !~* '^(https?|ftps?|file)://' then 'Unsupported URL scheme'
        when host_and_port ~ '^(:|$)' then 'No host part in the URL'
        when port !~ '^[0-9]{0,5}$' or (pg_catalog.length(port) = 5 and port > '65535')
            then 'Port number was not a decimal number between 0 and 65535'
    end;
    if problem is not null then
        raise exception 'invalid URL "%": %', url, problem;
    end if;
    if query = '' then
        return url;
    end if;
    base := pg_catalog.split_part(url, '#', 1);
    fragment := pg_catalog.substr(url, pg_catalog.length(base) + 1);
    return base || case when pg_catalog.strpos(base, '?') > 0 then '&' else '?' end || query || fragment;
end;
$$;

create function net._params_array(params jsonb) returns text[]
    language sql
    immutable
    set search_path = ''
as $$
    select coalesce(pg_catalog.array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value)), '{}')
    from pg_catalog.jsonb_each_text(params)
$$;

create function net._queue(method text, url text, params jsonb, headers jsonb, body bytea, timeout_milliseconds int)
    returns bigint
    language plpgsql
    set search_path = ''
as $$
declare
    request_id bigint;
begin
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    values (
        _queue.method,
        net._encode_url_with_params_array(_queue.url, net._params_array(_queue.params)),
        _queue.headers,
        _queue.body,
        _queue.timeout_milliseconds
    )
    returning id into request_id;
    perform net.wake();
    return request_id;
end;
$$;

create function net.http_get(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds int default 5000
) returns bigint
    language sql
    set search_path = ''
    as $$ select net._queue('GET', url, params, headers, null, timeout_milliseconds); $$;

create function net.http_post(
    url text,
    body jsonb default '{}'::jsonb,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
    timeout_milliseconds int default 5000
) returns bigint
    language plpgsql
    set search_path = ''
as $$
declare
    content_type text := (
        select value
        from pg_catalog.jsonb_each_text(coalesce(http_post.headers, '{}'::jsonb))
        where pg_catalog.lower(key) = 'content-type'
        limit 1
    );
begin
    if content_type is null then
        headers := headers || '{"Content-Type": "application/json"}'::jsonb;
    elsif content_type <> 'application/json' then
        raise exception 'Content-Type header must be "application/json"';
    end if;
    return net._queue('POST', url, params, headers, pg_catalog.convert_to(body::text, 'UTF8'), timeout_milliseconds);
end;
$$;

create function net.http_delete(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds int default 5000,
    body jsonb default null
) returns bigint
    language sql
    set search_path = ''
as $$
    select net._queue(
        'DELETE', url, params, headers, pg_catalog.convert_to(body::text, 'UTF8'), timeout_milliseconds
    );
$$;

grant usage on schema net to public;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;

comment on schema net is 'pulser stand-in of pg_net 0.20.4';
