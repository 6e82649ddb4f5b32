"""Protocol of an evaluation, who is asked what: splits, excerpts, queries, and the plan of all.

Everything follows from a seed and from names, never from the order of calls. Nothing is asked here
(`experiments.evaluation` does that), and no audio is kept.
"""
