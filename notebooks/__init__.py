"""Notebooks: lessons, and those that sweeps, tuning and reports run."""
