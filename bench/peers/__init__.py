"""Envelope to ack: pulser's relay beside Slack's own clients, each with its record before its ack."""
