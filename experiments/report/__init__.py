"""From stored rows to knowledge: tables, figures, sentences, and one page that holds them all.

The order of use is `study.load` → `tables.leaderboard` → figures, sentences → `page.write`.
Nothing here runs a query, but for `worst.explained`, which asks the worst failures once more to
draw how they came about.
"""
