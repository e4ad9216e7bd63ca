-- The roles and grants that every Supabase project starts with. Roles belong to the whole server, so another
-- database of it may be making them at this moment.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (values
            ('anon', 'nologin noinherit'),
            ('authenticated', 'nologin noinherit'),
            ('service_role', 'nologin noinherit bypassrls'),
            ('authenticator', 'login noinherit')
        ) as role (name, attributes)
    loop
        if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
            begin
                execute format('create role %I %s', wanted.name, wanted.attributes);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
    -- Skipped when in place already: a second grant at the same moment fails on the row it updates.
    if not (
        pg_has_role('authenticator', 'anon', 'member')
        and pg_has_role('authenticator', 'authenticated', 'member')
        and pg_has_role('authenticator', 'service_role', 'member')
    ) then
        grant anon, authenticated, service_role to authenticator;
        alter role anon set statement_timeout = '3s';
        alter role authenticated set statement_timeout = '8s';
        alter role authenticator set statement_timeout = '8s';
    end if;
end;
$$;

create schema if not exists extensions;
grant usage on schema public, extensions to anon, authenticated, service_role;
