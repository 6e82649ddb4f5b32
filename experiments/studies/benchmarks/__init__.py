"""Benchmarks of speed, memory and size: the core, the service, sweeps, large indexes.

Each yields `core.Figure` records as they are measured. Times depend on the machine and on what else
it does; figures that have a value to reach say whether they reach it.
"""
