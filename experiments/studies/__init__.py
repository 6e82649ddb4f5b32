"""Studies that stand on the evaluation: benchmarks, false alarms, and other systems.

Each answers one question and knows no other study; `large_index` is what several of them need.
"""
