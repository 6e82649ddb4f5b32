"""Corpora, degradations, sweeps, metrics and reports: what tunes a profile and promotes it."""
