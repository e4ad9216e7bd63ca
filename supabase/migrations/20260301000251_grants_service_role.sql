-- Exposing the schema to the Data API exposes what its keys have rights on: for pulser's own tables that is nothing, the service role
-- calls functions. The platform's two, platform_events and slack_envelopes, stay readable for it, as contract C-20 has them.
revoke all on table
    ops.services, ops.cards, ops.service_facts, ops.slack_paces, ops.relay_standbys, ops.notification_routes,
    ops.event_dispatches, ops.deliveries, ops.delivery_attempts, ops.slack_channels, ops.slack_holds,
    ops.relay_control, ops.relay_sessions, ops.relay_alarms, ops.routing_verdicts
from service_role;
