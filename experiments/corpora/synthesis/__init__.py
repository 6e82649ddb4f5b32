"""Songs made from a seed: composed, played by synthetic instruments, and mixed.

Equal seeds give equal songs on every machine, once they are rounded to 16 bits.
"""
