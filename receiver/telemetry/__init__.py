"""Stamps, counters and traces."""
