"""Decoding of uploads in worker processes with limits, away from the event loop."""
