-- What people approve, as one number: each part with its length in bytes before it, so that none can flow into the next.
create or replace function ops.plan_hash_v1(service text, environment text, release text)
returns text
language sql
immutable
set search_path = ''
as $$
    select encode(sha256(convert_to(
        string_agg(coalesce(octet_length(convert_to(p.part, 'UTF8')) || ':' || p.part, '-'), '' order by p.nth), 'UTF8'
    )), 'hex')
    from unnest(array[plan_hash_v1.service, plan_hash_v1.environment, plan_hash_v1.release]) with ordinality p (part, nth)
$$;

revoke all on function ops.plan_hash_v1(text, text, text) from public, anon, authenticated, service_role;
comment on function ops.plan_hash_v1(text, text, text) is 'The SHA-256 of a deploy''s plan, in hex; action_handler/quorum.py makes the same. Called by prepare_deploy_v1 and take_turn_v1.';
