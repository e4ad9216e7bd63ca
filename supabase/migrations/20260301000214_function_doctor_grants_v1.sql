-- Who may do what in the schema ops. everybody: what anybody could do with the project's public key (invariant 9).
create or replace function ops.doctor_grants_v1()
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
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
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', c.relname,
                'row_security', c.relrowsecurity,
                'service', (
                    select coalesce(jsonb_agg(w.may), '[]')
                    from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) w (may)
                    where has_table_privilege('service_role', c.oid, w.may)
                ),
                'everybody', exists (
                    select from unnest(array['anon', 'authenticated']) r (role)
                    where has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate')
                )
            ) order by c.relname), '[]')
            from pg_catalog.pg_class c
            where c.relnamespace = 'ops'::regnamespace and c.relkind in ('r', 'p')
        )
    )
$$;

revoke all on function ops.doctor_grants_v1() from public, anon, authenticated;
grant execute on function ops.doctor_grants_v1() to service_role;
comment on function ops.doctor_grants_v1() is 'What each role may do in the schema ops. Called by `pulser doctor`.';
