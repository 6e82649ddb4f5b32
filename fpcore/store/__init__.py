"""Stores of songs and their postings: the contract, and the engines that fulfil it."""

from fpcore.store.base import (
    JSON,
    Added,
    CheckReport,
    Copy,
    Entry,
    HotToken,
    Index,
    NewSong,
    SnapshotState,
    Song,
    Store,
    StoreStats,
    TokenStats,
)
from fpcore.store.layout import LayoutName
from fpcore.store.opening import holds_something, open_store
from fpcore.store.sqlite import SqliteStore

__all__ = [
    "JSON",
    "Added",
    "CheckReport",
    "Copy",
    "Entry",
    "HotToken",
    "Index",
    "LayoutName",
    "NewSong",
    "SnapshotState",
    "Song",
    "SqliteStore",
    "Store",
    "StoreStats",
    "TokenStats",
    "holds_something",
    "open_store",
]
