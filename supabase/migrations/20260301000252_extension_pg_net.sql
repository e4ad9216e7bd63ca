-- Supabase has extensions in its schema `extensions`. A plain `create extension pg_net` names `public` (its objects are in `net` either
-- way), which `supabase db advisors` reports. It cannot be moved, only made anew, and that forgets what is queued and what was
-- answered: so just where there is neither, as in a new project.
do $$
begin
    if to_regnamespace('extensions') is null or not exists (
        select from pg_catalog.pg_extension e where e.extname = 'pg_net' and e.extnamespace = 'public'::regnamespace
    ) then
        return;
    end if;
    if exists (select from net.http_request_queue) or exists (select from net._http_response) then
        raise notice 'pg_net is in use and stays in the schema public; docs/supabase.md says how to move it';
        return;
    end if;
    drop extension pg_net;
    create extension pg_net with schema extensions;
exception
    when dependent_objects_still_exist or insufficient_privilege then
        raise notice 'pg_net stays in the schema public: %', sqlerrm;
end;
$$;
