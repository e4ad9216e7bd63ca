-- An update whose try broke off may still land at Slack, after a newer one that was confirmed: then the message would show the older
-- state for ever. So what is confirmed within that time is followed by one more, when the time is over; it shows the newest state, too.
create or replace function ops.repeat_doubtful_update_v1(delivery_id uuid)
returns void
language sql
set search_path = ''
as $$
    insert into ops.deliveries (kind, event_id, route, channel, card_id, target_delivery_id, digest_id, may_land_until, next_attempt_at)
    select d.kind, d.event_id, d.route, d.channel, d.card_id, d.target_delivery_id, d.digest_id, d.may_land_until, d.may_land_until
    from ops.deliveries d
    where d.delivery_id = repeat_doubtful_update_v1.delivery_id
        and d.kind = 'update' and d.status = 'sent' and d.may_land_until > clock_timestamp()
$$;

revoke all on function ops.repeat_doubtful_update_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.repeat_doubtful_update_v1(uuid) is 'Queues an update once more where an older one may still land. Called by follow_settled_delivery_v1.';
