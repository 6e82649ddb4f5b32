"""Sweep descriptions: YAML files, their content checked, and the trials that they expand to."""
