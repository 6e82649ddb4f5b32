"""Compiled inner loops. Each has a naive reference in the tests that it must equal.

Importing a kernel imports numba, so the stages do so at first use: reading a song list or a
profile stays quick. Compiled code is cached on disk and every kernel releases the GIL.
"""
