-- What an envelope's outcome asks for beside the change of a card, as settle_envelope_v1 has it. about: the card that it is about, or that
-- it makes.
create or replace function ops.carry_out_v1(held ops.slack_envelopes, about uuid, outcome jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    new_card constant jsonb := nullif(outcome -> 'new_card', 'null');
begin
    if new_card is not null then
        insert into ops.cards (card_id, version, kind, service, environment, release, phase, state)
        values (about, 1, 'deploy', new_card ->> 'service', new_card ->> 'environment', new_card ->> 'release',
            new_card ->> 'phase', coalesce(new_card -> 'state', '{}'));
    end if;
    if jsonb_typeof(outcome -> 'briefing') = 'object' then
        perform ops.queue_briefing_v1(about, outcome #>> '{briefing,channel}');
    end if;
    perform ops.hear_canary_v1(held, outcome ->> 'canary');
    perform ops.queue_hook_v1(about, h.hook) from jsonb_array_elements(coalesce(nullif(outcome -> 'hooks', 'null'), '[]')) h (hook);
end;
$$;

revoke all on function ops.carry_out_v1(ops.slack_envelopes, uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.carry_out_v1(ops.slack_envelopes, uuid, jsonb) is 'Makes the card, the briefing, the answer to a canary and the calls of an outcome. Called by settle_envelope_v1.';
