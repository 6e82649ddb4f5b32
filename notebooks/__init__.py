"""Lessons, and the notebooks that sweeps and reports run."""
