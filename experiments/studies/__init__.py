"""Studies that stand on the evaluation: benchmarks, false alarms, and other systems."""
