-- Whether an event is what the status of a service tells.
create index if not exists service_facts_event on ops.service_facts (event_id);
