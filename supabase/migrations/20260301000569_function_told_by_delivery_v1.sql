-- What a claimed delivery tells: its "card" with the reminders of that, or a "digest"; in a thread, what is "known". Read after the claim:
-- whatever changes the card from now on is seen when the delivery is settled.
create or replace function ops.told_by_delivery_v1(delivery ops.deliveries)
returns jsonb
language sql
volatile
set search_path = ''
as $$
    select jsonb_build_object(
        'card', case when delivery.digest_id is null then
            ops.card_json_v1(about.card_id) || jsonb_build_object('reminded', ops.reminded_v1(about.card_id))
        end,
        'digest', case when delivery.digest_id is not null and delivery.status = 'sending' then ops.digest_facts_v1(delivery.digest_id) end,
        'known', case when delivery.status = 'sending' then
            case delivery.thread_part
                when 'briefing' then ops.known_of_card_v1(delivery.card_id) when 'reminder' then ops.known_of_reminder_v1(delivery.delivery_id)
            end
        end
    )
    from (values (coalesce(delivery.card_id, delivery.event_id))) about (card_id)
$$;

revoke all on function ops.told_by_delivery_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.told_by_delivery_v1(ops.deliveries) is 'A delivery''s card or digest, and what is known. Called by claim_deliveries_v1.';
