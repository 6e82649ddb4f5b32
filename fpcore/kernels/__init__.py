"""Compiled inner loops. Each has a naive reference in the tests that it must equal.

Importing a kernel imports numba, so the stages do so at first use: reading a song list or a
profile stays quick. Compiled code is cached on disk (`fpcore.kernels.compiling`), is made ready by
`fpcore.warmup`, and every kernel releases the GIL. Kernels trust their arguments: dtype, order and
range are checked by whoever calls them. Values that belong together come and go as named tuples.
One takes compiled code some microseconds longer to accept than a plain tuple, so what is done for
every song or place is called once for all of them.

The cache of a kernel is renewed when its own file changes, but not when another file does that
it calls into. After a change of ``sorting.py`` or ``pairing.py`` remove the folder ``numba`` of the
cache, or ``voting`` and ``playing`` go on with the old code.
"""
