-- Who may do what in the schema ops. everybody: what anybody could do with the project's public key (invariant 9).
-- as_who_asks: a view that runs as its owner shows what its reader may not read.
create or replace function ops.doctor_grants_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    with relations as (
        select c.relname as name, c.relkind = 'v' as is_view, c.relrowsecurity as row_security,
            coalesce((
                select o.option_value::boolean from pg_catalog.pg_options_to_table(c.reloptions) o
                where o.option_name = 'security_invoker'
            ), false) as as_who_asks,
            array(
                select w.may from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) w (may)
                where has_table_privilege('service_role', c.oid, w.may)
            ) as service,
            exists (
                select from unnest(array['anon', 'authenticated']) r (role)
                where has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate')
            ) as everybody
        from pg_catalog.pg_class c
        where c.relnamespace = 'ops'::regnamespace and c.relkind in ('r', 'p', 'v')
    )
    select jsonb_build_object(
        'schema', jsonb_build_object(
            'service', has_schema_privilege('service_role', 'ops', 'usage'),
            'everybody', has_schema_privilege('anon', 'ops', 'usage') or has_schema_privilege('authenticated', 'ops', 'usage')
        ),
        'functions', (
            select coalesce(jsonb_agg(to_jsonb(f) order by f.name), '[]') from (
                select p.proname as name,
                    bool_and(has_function_privilege('service_role', p.oid, 'execute')) as service,
                    bool_or(
                        has_function_privilege('anon', p.oid, 'execute')
                        or has_function_privilege('authenticated', p.oid, 'execute')
                    ) as everybody
                from pg_catalog.pg_proc p
                where p.pronamespace = 'ops'::regnamespace
                group by p.proname
            ) f
        ),
        'tables', (
            select coalesce(jsonb_agg(to_jsonb(r) - '{is_view, as_who_asks}'::text[] order by r.name), '[]')
            from relations r where not r.is_view
        ),
        'views', (
            select coalesce(jsonb_agg(to_jsonb(r) - '{is_view, row_security}'::text[] order by r.name), '[]')
            from relations r where r.is_view
        )
    )
$$;

revoke all on function ops.doctor_grants_v1() from public, anon, authenticated;
grant execute on function ops.doctor_grants_v1() to service_role;
comment on function ops.doctor_grants_v1() is 'What each role may do in the schema ops. Called by `pulser doctor`.';
