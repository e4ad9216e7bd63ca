-- filter, each key optional: {"live": true, "silence_id", "limit"}; those that last come first, then the newest.
create or replace function ops.list_silences_v1(filter jsonb default '{}')
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(ops.silence_json_v1(s) order by s.ended_at is null desc, s.created_at desc, s.silence_id), '[]')
    from (
        select v.* from ops.silences v
        where (filter ->> 'live' is distinct from 'true' or v.ended_at is null and v.ends_at > clock_timestamp())
            and (filter ->> 'silence_id' is null or v.silence_id::text = filter ->> 'silence_id')
        order by v.ended_at is null desc, v.created_at desc, v.silence_id
        limit least(coalesce((filter ->> 'limit')::integer, 50), 1000)
    ) s
$$;

revoke all on function ops.list_silences_v1(jsonb) from public, anon, authenticated;
grant execute on function ops.list_silences_v1(jsonb) to service_role;
comment on function ops.list_silences_v1(jsonb) is 'Silences and what they muted, at most 1,000. Called by `pulser silences`, `pulser preview`, `pulser doctor`, action-handler and command-handler.';
