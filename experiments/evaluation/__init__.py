"""Evaluation: queries with known answers are asked of an index, and each gives a row.

Recordings with a known song give the same rows as excerpts under conditions. Rows are raw; what
they are worth is for `experiments.metrics` to say. Decoded audio, maxima and queries are kept in a
cache of stages, so that configurations share what they have in common.
"""
