"""Decisions fitted on one half of a corpus, measured on the other, and kept in a profile."""
