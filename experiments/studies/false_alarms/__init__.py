"""False alarms in large libraries: what happens to their rate as songs become many.

Songs of a corpus are indexed among up to hundreds of times as many surrogate songs (`surrogates`),
clips of songs that are not in the index are asked at each size (`ask`), and the growth of the
likeliest wrong answer is set beside Gumbel's law (`gumbel`, `figure`).
"""
