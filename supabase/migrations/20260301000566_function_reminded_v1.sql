-- The reminders of a card that stand in Slack, for its message: {"count", "at": the newest, "mentioned": whom the newest mention called,
-- "mentioned_at"}; null without any.
create or replace function ops.reminded_v1(card_id uuid)
returns jsonb
language sql
stable
set search_path = ''
as $$
    select jsonb_build_object(
        'count', count(*), 'at', max(d.sent_at),
        'mentioned', (array_agg(d.mention order by r.step desc) filter (where d.mention is not null))[1],
        'mentioned_at', max(d.sent_at) filter (where d.mention is not null)
    )
    from ops.reminders r join ops.deliveries d on d.delivery_id = r.delivery_id
    where r.card_id = reminded_v1.card_id and d.status = 'sent'
    having count(*) > 0
$$;

revoke all on function ops.reminded_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.reminded_v1(uuid) is 'How often a card reminded, and whom it mentioned last. Called by claim_deliveries_v1.';
