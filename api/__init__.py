"""The service: one profile and one index over REST. Stands on `fpcore`; POSIX systems only."""
