"""Other systems on the same files and queries: how right, how small and how fast each is.

A system under comparison is a `contract.Spec`: `workbench` and `audfprint` are two. Each one
runs in a process of its own (`process`), on one thread, so that times, memory and crashes are
its own. `task` says what is compared on what. `ask` goes through files and queries and asks every
system in turn, so that whatever else the machine does slows all of them alike. `record` keeps
what was found row by row, `tables` and `figures` show it.
"""
