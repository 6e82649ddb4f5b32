"""Results of runs as they lie on the disk: folders, manifests, and the rows of trials.

What is read is checked against the format that this version writes; older ones are refused.
"""
