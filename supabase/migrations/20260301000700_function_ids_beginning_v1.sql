-- What the ledger has whose id begins so: [{"kind": "event" | "delivery" | "envelope", "id"}], ten at most. beginning: 8 hex digits at
-- least, with hyphens or without, as cards and narrow tables show them; of anything else, and of a whole id, nothing. By range on each
-- primary key, so that it costs the same in a ledger of any size.
create or replace function ops.ids_beginning_v1(beginning text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    digits constant text := lower(replace(beginning, '-', ''));
    low uuid;
    high uuid;
begin
    if beginning is null or beginning !~ '^[0-9a-fA-F][0-9a-fA-F-]*$' or length(digits) not between 8 and 31 then
        return '[]'::jsonb;
    end if;
    low := rpad(digits, 32, '0')::uuid;
    high := rpad(digits, 32, 'f')::uuid;
    return (
        with recursive teams (team_id) as (
            (select e.team_id from ops.slack_envelopes e order by e.team_id limit 1)
            union all
            select (select e.team_id from ops.slack_envelopes e where e.team_id > t.team_id order by e.team_id limit 1)
            from teams t where t.team_id is not null
        ), found (kind, id) as (
            (select 'event', d.event_id::text from ops.event_dispatches d where d.event_id between low and high order by d.event_id limit 10)
            union all
            (select 'delivery', d.delivery_id::text from ops.deliveries d where d.delivery_id between low and high
            order by d.delivery_id limit 10)
            union all
            select 'envelope', e.envelope_id from (select t.team_id from teams t where t.team_id is not null limit 1000) t
            cross join lateral (
                select v.envelope_id from ops.slack_envelopes v
                -- A text has no end of what begins so: z is behind all that a UUID may go on with, in each collation.
                where v.team_id = t.team_id and v.envelope_id between lower(beginning) and lower(beginning) || 'z'
                    and starts_with(v.envelope_id, lower(beginning))
                order by v.envelope_id limit 10
            ) e
        )
        select coalesce(jsonb_agg(jsonb_build_object('kind', f.kind, 'id', f.id)), '[]') from (select * from found limit 10) f
    );
end;
$$;

revoke all on function ops.ids_beginning_v1(text) from public, anon, authenticated;
grant execute on function ops.ids_beginning_v1(text) to service_role;
comment on function ops.ids_beginning_v1(text) is 'The ids that begin so, of events, deliveries and envelopes. Called by `pulser ledger` and why_v1.';
