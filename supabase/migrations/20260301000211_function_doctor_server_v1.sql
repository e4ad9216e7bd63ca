-- up_seconds: since the server was started, or pulser installed if that is later. migrations is null where no history is kept; version is null where the extension is not installed, and stand_in says
-- what serves instead.
create or replace function ops.doctor_server_v1()
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    applied jsonb;
begin
    begin
        if to_regclass('supabase_migrations.schema_migrations') is not null then
            execute 'select coalesce(jsonb_agg(m.version order by m.version), ''[]'') from supabase_migrations.schema_migrations m'
            into applied;
        end if;
    exception
        when insufficient_privilege then
            applied := null;  -- somebody else applied them
    end;
    return jsonb_build_object(
        'now', extract(epoch from clock_timestamp()),
        'up_seconds', extract(epoch from clock_timestamp() - greatest(
            pg_postmaster_start_time(), (select c.changed_at from ops.relay_control c)
        )),
        'server_version', current_setting('server_version'),
        'server_version_num', current_setting('server_version_num')::integer,
        'migrations', applied,
        'extensions', (
            select jsonb_agg(jsonb_build_object(
                'name', w.name,
                'version', (select x.extversion from pg_catalog.pg_extension x where x.extname = w.name),
                'stand_in', (
                    select obj_description(n.oid, 'pg_namespace') from pg_catalog.pg_namespace n
                    where n.nspname = w.schema and obj_description(n.oid, 'pg_namespace') ~ '^pulser stand-in'
                )
            ))
            from (values ('pg_net', 'net'), ('pg_cron', 'cron'), ('supabase_vault', 'vault')) w (name, schema)
        ),
        'exposed_schemas', (
            select substr(c.setting, length('pgrst.db_schemas=') + 1)
            from pg_catalog.pg_roles r
            join pg_catalog.pg_db_role_setting s on s.setrole = r.oid
            cross join lateral unnest(s.setconfig) c (setting)
            where r.rolname = 'authenticator' and c.setting like 'pgrst.db\_schemas=%'
                and s.setdatabase in (0, (select d.oid from pg_catalog.pg_database d where d.datname = current_database()))
            order by s.setdatabase desc limit 1
        )
    );
end;
$$;

revoke all on function ops.doctor_server_v1() from public, anon, authenticated;
grant execute on function ops.doctor_server_v1() to service_role;
comment on function ops.doctor_server_v1() is 'Versions, migrations and the clock of this database. Called by `pulser doctor`.';
