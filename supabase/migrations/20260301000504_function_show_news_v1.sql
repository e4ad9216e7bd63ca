-- Queues updates of a card's messages that show an older version than it has: at once, or in a while where it has only fired again
-- since. Whoever calls this holds the card's row.
create or replace function ops.show_news_v1(card_id uuid, shown_version integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
    if exists (
        select from ops.cards c
        where c.card_id = show_news_v1.card_id and c.version = c.repeat_version and c.acted_version <= show_news_v1.shown_version
    ) then
        perform ops.refresh_repeated_card_v1(show_news_v1.card_id);
    else
        perform ops.refresh_card_v1(show_news_v1.card_id);
    end if;
end;
$$;

revoke all on function ops.show_news_v1(uuid, integer) from public, anon, authenticated, service_role;
comment on function ops.show_news_v1(uuid, integer) is 'Queues updates of a card''s messages, mere repeats later. Called by catch_up_card_v1 and repeat_alert_v1.';
