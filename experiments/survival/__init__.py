"""Which peaks live through noise, rooms and codecs, and can that be told from the clean song?

`features` describes the surroundings of a peak, `labels` says whether it is found again,
`examples` gathers both from a corpus, `models` learns one from the other, `survivors` measures
how many of the peaks that a score keeps are found again, `rival_index` asks an index that was
thinned by it.
"""
