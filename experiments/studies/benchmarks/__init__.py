"""Benchmarks of speed, memory and size: the core, the service, sweeps, large indexes."""
