"""Sweeps and tuning: trials over the cores or a cluster, timed, recorded, and promoted.

A trial is one configuration. Sweeps ask calibration tracks only; test tracks are asked once, when a
trial is promoted.
"""
