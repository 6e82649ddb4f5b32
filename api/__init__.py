"""The service: recognition over HTTP from one index under one profile; POSIX systems only."""
