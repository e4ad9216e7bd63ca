-- Stand-in of pg_cron 1.6: the same tables, functions, checks and grants. cron_worker.py is its scheduler.
create schema cron;

create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
    jobid bigint primary key default nextval('cron.jobid_seq'),
    schedule text not null,
    command text not null,
    nodename text not null default 'localhost',
    nodeport int not null default coalesce(inet_server_port(), 5432),
    database text not null default current_database(),
    username text not null default current_user,
    active boolean not null default true,
    jobname text,
    constraint jobname_username_uniq unique (jobname, username)
);

create table cron.job_run_details (
    jobid bigint,
    runid bigint primary key default nextval('cron.runid_seq'),
    job_pid integer,
    database text,
    username text,
    command text,
    status text,
    return_message text,
    start_time timestamptz,
    end_time timestamptz
);

alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

create function cron._job_changed() returns trigger
    language plpgsql
    set search_path = ''
as $$
begin
    perform pg_catalog.pg_notify('cron_job_changed', '');
    return null;
end;
$$;
create trigger cron_job_cache_invalidate
after insert or update or delete or truncate on cron.job
for each statement execute function cron._job_changed();

-- One entry of a list: *, n, n-m, each with /step; names of months and days stand for numbers.
create function cron._is_field(field text, lowest int, highest int, names text[]) returns boolean
    language plpgsql
    immutable
    set search_path = ''
as $$
declare
    entry text;
    parts text[];
    word text := '([0-9]{1,2}|[a-z]{3})';
    bounds int[];
begin
    foreach entry in array pg_catalog.string_to_array(pg_catalog.lower(field), ',') loop
        parts := pg_catalog.regexp_match(entry, '^(?:\*|' || word || '(?:-' || word || ')?)(?:/([0-9]{1,2}))?$');
        if parts is null or parts[3]::int = 0 or (parts[3] is not null and parts[1] is not null and parts[2] is null) then
            return false;
        end if;
        select pg_catalog.array_agg(
            case when bound ~ '^[0-9]' then bound::int
                 else pg_catalog.array_position(names, bound) - 1 + lowest end
            order by number
        )
        into bounds
        from pg_catalog.unnest(parts[1:2]) with ordinality as bound_of (bound, number)
        where bound is not null;
        if pg_catalog.array_position(bounds, null) is not null
            or exists (select from pg_catalog.unnest(bounds) as bound where bound not between lowest and highest)
            or bounds[1] > bounds[2]
        then
            return false;
        end if;
    end loop;
    return field <> '';
end;
$$;

create function cron._is_schedule(schedule text) returns boolean
    language plpgsql
    immutable
    set search_path = ''
as $$
declare
    fields text[] := pg_catalog.regexp_split_to_array(pg_catalog.btrim(schedule), '\s+');
    months constant text[] := '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}';
    days constant text[] := '{sun,mon,tue,wed,thu,fri,sat}';
begin
    if pg_catalog.btrim(schedule) ~* '^([1-9]|[1-5][0-9])\s+seconds?$' then
        return true;
    end if;
    if schedule ~* '^\s*@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)\s*$' then
        return true;
    end if;
    return pg_catalog.array_length(fields, 1) = 5
        and cron._is_field(fields[1], 0, 59, '{}')
        and cron._is_field(fields[2], 0, 23, '{}')
        and (fields[3] = '$' or cron._is_field(fields[3], 1, 31, '{}'))
        and cron._is_field(fields[4], 1, 12, months)
        and cron._is_field(fields[5], 0, 7, days);
end;
$$;

create function cron._check_schedule(schedule text) returns void
    language plpgsql
    set search_path = ''
as $$
begin
    if not cron._is_schedule(schedule) then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = pg_catalog.format('invalid schedule: %s', schedule),
            hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
    end if;
end;
$$;

-- pg_cron writes its table as the extension's owner, in the name of the caller. Here the caller's name is an
-- argument, given by the functions below; whoever may call this one could lie. It is a stand-in, not a guard.
create function cron._put(job_name text, schedule text, command text, database text, username text, active boolean)
    returns bigint
    language plpgsql
    security definer
    set search_path = ''
as $$
#variable_conflict use_column
declare
    job_id bigint;
begin
    perform cron._check_schedule(schedule);
    insert into cron.job as job (jobname, schedule, command, database, username, active)
    values (job_name, _put.schedule, _put.command, _put.database, _put.username, _put.active)
    on conflict (jobname, username) do update
    set schedule = excluded.schedule, command = excluded.command,
        database = excluded.database, active = excluded.active
    returning jobid into job_id;
    return job_id;
end;
$$;

create function cron.schedule(schedule text, command text) returns bigint
    language sql
    set search_path = ''
    as $$ select cron._put(null, schedule, command, current_database(), current_user, true); $$;

create function cron.schedule(job_name text, schedule text, command text) returns bigint
    language sql
    set search_path = ''
    as $$ select cron._put(job_name, schedule, command, current_database(), current_user, true); $$;

create function cron.schedule_in_database(
    job_name text, schedule text, command text, database text, username text default null, active boolean default true
) returns bigint
    language sql
    set search_path = ''
as $$
    select cron._put(job_name, schedule, command, database, coalesce(username, current_user), active);
$$;

create function cron._drop(job_id bigint) returns void
    language sql
    security definer
    set search_path = ''
    as $$ delete from cron.job where jobid = job_id; $$;

create function cron.unschedule(job_id bigint) returns boolean
    language plpgsql
    set search_path = ''
as $$
begin
    if not exists (select from cron.job where jobid = job_id) then
        raise exception using errcode = 'internal_error',
            message = pg_catalog.format('could not find valid entry for job %s', job_id);
    end if;
    perform cron._drop(job_id);
    return true;
end;
$$;

create function cron.unschedule(job_name text) returns boolean
    language plpgsql
    set search_path = ''
as $$
declare
    job_id bigint := (select jobid from cron.job where jobname = job_name and username = current_user);
begin
    if job_id is null then
        raise exception using errcode = 'internal_error',
            message = pg_catalog.format('could not find valid entry for job ''%s''', job_name);
    end if;
    perform cron._drop(job_id);
    return true;
end;
$$;

create function cron._alter(job_id bigint, schedule text, command text, database text, username text, active boolean)
    returns void
    language sql
    security definer
    set search_path = ''
as $$
    update cron.job
    set schedule = coalesce(_alter.schedule, job.schedule),
        command = coalesce(_alter.command, job.command),
        database = coalesce(_alter.database, job.database),
        username = coalesce(_alter.username, job.username),
        active = coalesce(_alter.active, job.active)
    where jobid = job_id
$$;

create function cron.alter_job(
    job_id bigint,
    schedule text default null,
    command text default null,
    database text default null,
    username text default null,
    active boolean default null
) returns void
    language plpgsql
    set search_path = ''
as $$
begin
    if not exists (select from cron.job where jobid = job_id) then
        raise exception using errcode = 'internal_error',
            message = pg_catalog.format('Job %s does not exist or you don''t own it', job_id);
    end if;
    if schedule is not null then
        perform cron._check_schedule(schedule);
    end if;
    perform cron._alter(job_id, schedule, command, database, username, active);
end;
$$;

-- As in pg_cron, the schema itself is the owner's until somebody grants usage on it.
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;
grant select on sequence cron.jobid_seq, cron.runid_seq to public;

comment on schema cron is 'pulser stand-in of pg_cron 1.6';
