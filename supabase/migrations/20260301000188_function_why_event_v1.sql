-- An event as a story tells it: of its payload only what says who did what to which thing, cut short.
create or replace function ops.why_event_v1(event jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select event || jsonb_build_object(
        'event_type', left(event ->> 'event_type', 300), 'actor', left(event ->> 'actor', 300),
        'target', left(event ->> 'target', 300), 'error_detail', left(event ->> 'error_detail', 500),
        'payload', (
            select coalesce(jsonb_object_agg(p.key, left(p.value, 300)), '{}')
            from jsonb_each_text(case jsonb_typeof(event -> 'payload') when 'object' then event -> 'payload' else '{}' end) p
            where p.value is not null and p.key in (
                'service', 'environment', 'severity', 'title', 'version', 'card_id', 'deploy_id', 'envelope_id', 'team_id',
                'slack_user', 'slack_user_name', 'outcome', 'reason', 'action', 'command', 'word', 'text', 'until'
            )
        )
    )
$$;

revoke all on function ops.why_event_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.why_event_v1(jsonb) is 'An event, short. Called by why_story_v1, why_envelope_v1 and known_alerts_v1.';
