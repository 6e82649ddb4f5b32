"""Sweep descriptions: YAML files, their content checked, and the trials that they expand to.

Nothing here runs a sweep or opens a recording.
"""
