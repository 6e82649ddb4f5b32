"""Who is asked what: splits of a corpus, excerpts, queries, and the plan of them all."""
