-- An envelope by the id that Slack gave it, whatever its team; of a duplicate, the first one. All its parts are null for none.
create or replace function ops.find_envelope_v1(envelope_id text)
returns ops.slack_envelopes
language sql
stable
set search_path = ''
as $$
    -- The teams one by one, by index: the key begins with the team.
    with recursive teams (team_id) as (
        (select e.team_id from ops.slack_envelopes e order by e.team_id limit 1)
        union all
        select (select e.team_id from ops.slack_envelopes e where e.team_id > t.team_id order by e.team_id limit 1)
        from teams t where t.team_id is not null
    )
    select first.*
    from (select t.team_id from teams t where t.team_id is not null limit 1000) t
    join ops.slack_envelopes e on e.team_id = t.team_id and e.envelope_id = find_envelope_v1.envelope_id
    join ops.slack_envelopes first on first.id = coalesce(e.duplicate_of, e.id)
    order by e.received_at desc limit 1
$$;

revoke all on function ops.find_envelope_v1(text) from public, anon, authenticated, service_role;
comment on function ops.find_envelope_v1(text) is 'The envelope of that id, of any team. Called by why_v1.';
