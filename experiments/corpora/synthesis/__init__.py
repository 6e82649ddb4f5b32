"""Songs made from a seed: composed, played by synthetic instruments, and mixed."""
