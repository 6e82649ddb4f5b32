"""Calibration: decisions fitted on one half of a corpus, measured on the other, kept in a profile.

No work is in both halves.
"""
