"""Compiled inner loops. Each has a naive reference in the tests that it must equal.

Importing a kernel imports numba, so the stages do so at first use: reading a song list or a
profile stays quick. Compiled code is cached on disk and every kernel releases the GIL. Kernels
trust their arguments: dtype, order and range are checked by whoever calls them.

The cache of a kernel is renewed when its own file changes, but not when another file does that
it calls into. After a change of ``sorting.py`` remove ``__pycache__``, or ``voting`` and
``playing`` go on with the old code.
"""
