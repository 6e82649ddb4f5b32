"""Sweeps and tuning: trials over the cores or a cluster, timed, recorded, and promoted."""
