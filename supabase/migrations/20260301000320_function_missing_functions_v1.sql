-- Functions, command line and database are deployed at different moments: who comes before his migrations is told what he lacks.
create or replace function ops.missing_functions_v1(wanted text[])
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(w.name order by w.name), '[]')
    from unnest(wanted) w (name)
    where not exists (
        select from pg_catalog.pg_proc p where p.pronamespace = 'ops'::regnamespace and p.proname = w.name
    )
$$;

revoke all on function ops.missing_functions_v1(text[]) from public, anon, authenticated;
grant execute on function ops.missing_functions_v1(text[]) to service_role;
comment on function ops.missing_functions_v1(text[]) is 'Which of these functions this schema has not. Called by all functions for ?action=health.';
