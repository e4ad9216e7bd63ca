-- Switches the canary on (a channel), off (null) or over. What waits belongs to the switch as it was.
create or replace function ops.apply_canary_v1(channel text, every_s integer, actor text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
    update ops.canary_control c
    set channel = apply_canary_v1.channel, every_s = coalesce(apply_canary_v1.every_s, 300),
        changed_at = clock_timestamp(), changed_by = apply_canary_v1.actor, deaf_since = null
    where c.channel is distinct from apply_canary_v1.channel
        or apply_canary_v1.channel is not null and c.every_s <> coalesce(apply_canary_v1.every_s, 300);
    if not found then
        return jsonb_build_object('changed', false);
    end if;
    delete from ops.canaries c where c.claimed_at is null and c.failed_at is null;
    perform ops.append_event_v1(
        event_type := 'relay.canary', actor := apply_canary_v1.actor, target := 'socket-relay',
        payload := jsonb_strip_nulls(jsonb_build_object(
            'severity', 'info', 'service', 'pulser', 'channel', apply_canary_v1.channel,
            'title', case when apply_canary_v1.channel is null then 'The canary is switched off'
                else format('A canary is posted to %s', apply_canary_v1.channel) end
        ))
    );
    return jsonb_build_object('changed', true);
end;
$$;

revoke all on function ops.apply_canary_v1(text, integer, text) from public, anon, authenticated;
grant execute on function ops.apply_canary_v1(text, integer, text) to service_role;
comment on function ops.apply_canary_v1(text, integer, text) is 'Switches the canary on or off, with an audit event: {changed}. Called by `pulser canary apply` and `pulser dev`.';
