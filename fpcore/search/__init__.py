"""Passes over one recording: as it is, at other playbacks, in windows, and explained."""
