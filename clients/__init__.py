"""Clients of the service: they know it by its address, and share no code with it."""
