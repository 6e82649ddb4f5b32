"""An index in PostgreSQL, for several machines, each of which keeps a replica of it."""

from fpcore.store.postgres.store import (
    CACHE_VARIABLE,
    PostgresStore,
    holds_index,
    open_address,
    replica_of,
)

__all__ = ["CACHE_VARIABLE", "PostgresStore", "holds_index", "open_address", "replica_of"]
