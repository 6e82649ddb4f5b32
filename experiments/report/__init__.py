"""Reports of finished runs: tables, figures, sentences, and one page that holds them all.

The order of use is `study.load` → `tables.leaderboard` → figures, sentences → `page.write`.
Everything is computed from the stored rows. The one exception is `worst.explained`, which asks the
queries of the worst failures once more, to draw how their answers came about.
"""
