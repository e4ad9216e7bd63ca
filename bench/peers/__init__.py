"""Envelope to ack: pulser's relay beside Slack's own clients, each with its record in the same Postgres before its ack."""
