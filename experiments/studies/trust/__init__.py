"""Trust in the verdict of a small library: the whole loop of the workbench, many times.

A random sample of a corpus becomes somebody's own music. On it a spec is swept, the recommended
trial is promoted, and the profile is asked clips of that music and of strangers that the sweep did
not ask, beside the profile that it starts from (`loop`). What the workbench stated is then held
against what came out (`summary`, `figure`).
"""
