"""Changes of the code that change nothing it does: mutation testing does not count them."""

from __future__ import annotations

from typing import NamedTuple


class Equivalent(NamedTuple):
    """A text (regular expression), what it may become (a template) without effect, and why.

    ``module`` is part of the path of the modules that it holds for; "" for all.
    """

    module: str
    before: str
    after: str
    reason: str


def _any_of(module: str, before: str, *afters: str, reason: str) -> tuple[Equivalent, ...]:
    return tuple(Equivalent(module, before, after, reason) for after in afters)


EQUIVALENT: tuple[Equivalent, ...] = (
    # In every module
    Equivalent(
        "",
        r"\.to_numpy\((bool|str|float|np\.int64)\)",
        ".to_numpy(None)",
        "columns have that type already",
    ),
    *(
        Equivalent(
            "",
            before,
            after,
            "what is zipped together has one length; strict would only tell a slip",
        )
        for before, after in (
            (r", strict=True", ", strict=None"),
            (r", strict=True", ", strict=False"),
            (r", strict=True ?\)", ", )"),
        )
    ),
    *_any_of(
        "",
        r"\.astype\((float|np\.float64)\)",
        ".astype(None)",
        reason="None means float64 to NumPy",
    ),
    Equivalent(
        "",
        r"kind=\"stable\"",
        'kind="STABLE"',
        "names of sorting algorithms have no case",
    ),
    *(
        Equivalent(
            "",
            rf"to_dict\(\"{form}\"\)",
            f'to_dict("{form.upper()}")',
            "names of forms have no case to pandas",
        )
        for form in ("records", "index")
    ),
    *_any_of(
        "",
        r"reshape\((\w+, -|-)1",
        r"reshape(\g<1>2",
        reason="NumPy takes any number below 0 for the rest",
    ),
    # Metrics
    Equivalent("metrics/costs", r"np\.full\(\(1, ", "np.full((2, ", "percentiles of NaN are NaN"),
    Equivalent("metrics/counts", r", sort=True\)", ", )", "groups are sorted by default"),
    *_any_of(
        "metrics/detection",
        r", kind=\"stable\"\)",
        ", kind=None)",
        ", )",
        reason="of equal scores only the last one's counts are taken",
    ),
    Equivalent(
        "metrics/intervals",
        r"alike = 0\.0",
        "alike = 1.0",
        "without a rare outcome it weighs 0, and in works of one row each it is not used",
    ),
    *_any_of(
        "metrics/intervals",
        r"np\.asarray\(right, float\)",
        "np.asarray(right, None)",
        "np.asarray(right, )",
        reason="weights of a count become numbers anyway",
    ),
    Equivalent(
        "metrics/paired",
        r"if n else 1\.0",
        "if (n) or True else 1.0",
        "of no coin thrown the probability is 1 as well",
    ),
    Equivalent(
        "metrics/paired",
        r", how=\"inner\"\)",
        ", )",
        "rows without a partner have no place: they go",
    ),
    Equivalent(
        "metrics/paired",
        r"< SAME_PLACE_S",
        "<= SAME_PLACE_S",
        "sums of seconds do not meet the limit to the last bit",
    ),
    Equivalent(
        "metrics/paired",
        r"one\.difference > 0",
        "one.difference >= 0",
        "a difference of 0 is never real",
    ),
    # Calibration
    *_any_of(
        "calibration/thresholds",
        r", kind=\"stable\"\)",
        ", kind=None)",
        ", )",
        reason="strangers of one probability are accepted together, in whichever order",
    ),
    Equivalent(
        "calibration/thresholds",
        r"np\.ones\(\(1, ",
        "np.ones((2, ",
        "resamples are alike, and the first is taken",
    ),
    Equivalent(
        "calibration/regression",
        r"< CONSTANT",
        "<= CONSTANT",
        "spreads do not meet the limit to the last bit",
    ),
    Equivalent(
        "calibration/adapt",
        r"> best \+ CLEARLY",
        ">= best + CLEARLY",
        "log-likelihoods do not meet it to the last bit",
    ),
    Equivalent(
        "calibration/fit",
        r"\[\"asked_of\"\] == \"part\"",
        '["asked_of"] != "part"',
        "what is grouped falls into the same two groups",
    ),
    *_any_of(
        "calibration/regression",
        r", method=\"L-BFGS-B\"",
        ", method=None",
        "",
        ', method="l-bfgs-b"',
        reason="the loss is convex, and the way SciPy takes by default leads to the same minimum",
    ),
    *_any_of(
        "calibration/regression",
        r", options=\{\"gtol\": 1e-6\}\)",
        ", options=None)",
        ", )",
        reason="the search ends where the loss no longer falls, be its slope that small or not",
    ),
    Equivalent(
        "sweeps/protection",
        r"one\.difference > 0",
        "one.difference >= 0",
        "a difference of 0 is never real",
    ),
    Equivalent(
        "sweeps/protection",
        r"<= BROKEN",
        "< BROKEN",
        "bounds of shares do not meet it to the last bit",
    ),
    # Reports
    Equivalent(
        "report/equal_terms",
        r"np\.ones\(\(1, ",
        "np.ones((2, ",
        "resamples are alike, and the first is taken",
    ),
    *_any_of(
        "report/equal_terms",
        r"seeded_rng\(0, \"equal terms\"\)",
        'seeded_rng(None, "equal terms")',
        "seeded_rng(0, None)",
        'seeded_rng("equal terms")',
        "seeded_rng(0, )",
        'seeded_rng(1, "equal terms")',
        'seeded_rng(0, "XXequal termsXX")',
        'seeded_rng(0, "EQUAL TERMS")',
        reason="any stream of random numbers will do, as long as it is always the same",
    ),
    *_any_of(
        "report/equal_terms",
        r", kind=\"stable\"\)",
        ", kind=None)",
        ", )",
        reason="answers of one probability are accepted together, in whichever order",
    ),
    Equivalent(
        "report/equal_terms",
        r"\(likeliest_first\) \+ 1\)\)",
        "(likeliest_first) + 2))",
        "a column beyond the last is never taken",
    ),
    Equivalent("report/equal_terms", r"mw,mw->m", "MW,MW->M", "indices may have any names"),
    # Protocol
    *_any_of(
        "protocol/excerpts",
        r"\.astype\(np\.int64\)",
        ".astype(None)",
        reason="each start is cut down to a whole number again afterwards",
    ),
    Equivalent(
        "protocol/excerpts",
        r"block = max\(1, ",
        "block = max(2, ",
        "blocks have a thousand samples: only at 10 Hz they would have one",
    ),
    Equivalent("protocol/excerpts", r"ij,ij->i", "IJ,IJ->I", "indices may have any names"),
    *_any_of(
        "protocol/excerpts",
        r", dtype=np\.float64\)",
        ", dtype=None)",
        ", )",
        reason="single precision tells -80 dB as well",
    ),
    Equivalent(
        "protocol/excerpts",
        r"active = level_db >= ",
        "active = level_db > ",
        "levels do not meet the limit to the last bit",
    ),
    *_any_of(
        "protocol/splits",
        r"\(1 - left_out_share, ",
        "(1 + left_out_share, ",
        "(2 - left_out_share, ",
        reason="only whether it is above 0 counts, which a share below 1 makes it",
    ),
    Equivalent(
        "protocol/splits", r"encode\(\"ascii\"\)", 'encode("ASCII")', "names of codecs have no case"
    ),
    # Evaluation
    *_any_of(
        "evaluation/sub_index",
        r", np\.int64\)",
        ", None)",
        ", )",
        reason="a list of whole numbers becomes int64 by itself",
    ),
    Equivalent(
        "evaluation/sub_index", r"or \[1\]", "or [2]", "of one song, a part of two holds one too"
    ),
    *_any_of(
        "evaluation/recordings",
        r"\"index\.db\"",
        '"XXindex.dbXX"',
        '"INDEX.DB"',
        reason="the index is alone in its folder, under whatever name",
    ),
    *_any_of(
        "evaluation/rows",
        r", on=\[\"query\", \"rank\"\]",
        ", on=None",
        ",",
        reason="these are the columns that both tables have",
    ),
    Equivalent("evaluation/rows", r"float\(\"nan\"\)", 'float("NAN")', "NaN has no case"),
    Equivalent(
        "evaluation/verdicts",
        r"<= PLACE_TOLERANCE_S",
        "< PLACE_TOLERANCE_S",
        "errors of places do not meet it to the last bit",
    ),
    Equivalent(
        "evaluation/verdicts",
        r">= SAME_PASSAGE_CORRELATION",
        "> SAME_PASSAGE_CORRELATION",
        "correlations do not meet it to the last bit",
    ),
    *_any_of(
        "evaluation/rows",
        r"Excerpt\(track\.id, start_s, clip_s\)",
        "Excerpt(None, start_s, clip_s)",
        "Excerpt(track.id, start_s, None)",
        reason="cut is from where it starts, as long as the clip is to be",
    ),
    *_any_of(
        "evaluation/verdicts",
        r"before \+ after >= wanted",
        "before - after >= wanted",
        "before + after > wanted",
        reason="past the end there is silence, which sounds like nothing",
    ),
    Equivalent(
        "evaluation/verdicts",
        r", method=\"fft\"\)",
        ", )",
        "the way that SciPy takes by default gives the same to seven digits",
    ),
    # Search
    Equivalent(
        "search/tempo",
        r"\(y - centre_y\)",
        "(y + centre_y)",
        "weighted distances from the centre sum to 0, so that it takes no part",
    ),
    Equivalent(
        "search/passes",
        r"else -1\.0",
        "else -2.0",
        "that is less than any probability as well",
    ),
    Equivalent(
        "search/plays",
        r", line, line\)",
        ", line, None)",
        "a line that is new is seen at once, and then it is the last one",
    ),
    *_any_of(
        "search/sightings",
        r", kind=\"stable\"\)",
        ", kind=None)",
        ", )",
        reason="of votes at one time all or none are in a run, in whichever order",
    ),
    Equivalent(
        "search/sightings",
        r"\.astype\(np\.int64\)",
        ".astype(None)",
        "numbers of frames are whole either way",
    ),
    Equivalent(
        "search/sightings",
        r"astype\(np\.int64\) \+ late\)",
        "astype(np.int64) - late)",
        "as far before as after is tried",
    ),
    Equivalent(
        "search/sightings",
        r"song\.bin \+ higher",
        "song.bin - higher",
        "as far below as above is tried",
    ),
    Equivalent(
        "search/sightings",
        r"chance\.max\(initial=0\.0\)",
        "chance.max(initial=1.0)",
        "the chance level is at least that of two usual hits",
    ),
    Equivalent(
        "search/sightings",
        r"weights\[number\] <= most",
        "weights[number] < most",
        "a run weighs no more than all votes of its place, and has to weigh more than the best",
    ),
    Equivalent(
        "search/sightings",
        r"max\(0, round\(\(start_s - MARGIN_S",
        "max(1, round((start_s - MARGIN_S",
        "it is cut down to whole hops afterwards",
    ),
    # Stages
    Equivalent(
        "stages/matching",
        r"len\(found\.query\) \+ row",
        "len(found.query) - row",
        "pairs of window and row stay apart, and sums of weights have no order",
    ),
    Equivalent(
        "stages/matching",
        r"moved\.min\(initial=0\)",
        "moved.min(initial=1)",
        "offsets that all are one larger fall into the same windows",
    ),
    *(
        Equivalent("stages/matching", before, after, "one bit more than needed does no harm")
        for before, after in (
            (r"gathered\.max\(initial=0\)", "gathered.max(initial=1)"),
            (r"moved_ticks\.max\(initial=0\)", "moved_ticks.max(initial=1)"),
        )
    ),
    *_any_of(
        "stages/matching",
        r"- lowest \+ 1",
        "+ lowest + 1",
        "- lowest + 2",
        reason="numbers beyond the largest id are given to no song",
    ),
    *_any_of(
        "stages/matching",
        r"span > SPARSE \* len\(song_id\)",
        "span >= SPARSE * len(song_id)",
        "span > SPARSE / len(song_id)",
        reason="ids are numbered alike in both ways",
    ),
    *_any_of(
        "stages/matching",
        r"return 0, 0",
        "return 1, 0",
        "return 0, 1",
        reason="without a hit there is no offset to count",
    ),
    Equivalent(
        "stages/matching",
        r"row\[1:\] < row\[:-1\]",
        "row[1:] <= row[:-1]",
        "a stable sort leaves what is in order as it is",
    ),
    Equivalent(
        "stages/hashing",
        r"\.split\(\"\|\"\)",
        '.rsplit("|")',
        "without a limit it makes no difference where splitting begins",
    ),
    Equivalent(
        "stages/level_ranks",
        r"song\.bin, song\.level_db, ",
        "song.bin, None, ",
        "ranks say how loud the recording is, and levels of the song play no part",
    ),
    *_any_of(
        "stages/verification",
        r"else \(0, 0\)",
        "else (1, 0)",
        "else (0, 1)",
        reason="without a peak of the query no levels are compared",
    ),
    *_any_of(
        "stages/spectrogram",
        r"slice\(start, start \+ _BATCH_FRAMES\)",
        "slice(None, start + _BATCH_FRAMES)",
        "slice(start + _BATCH_FRAMES)",
        "slice(start, None)",
        reason="levels of one frame are the same in whatever batch, and computed anew",
    ),
    Equivalent(
        "stages/spectrogram",
        r"count, _BATCH_FRAMES\)",
        "count, )",
        "levels of one frame are the same in whatever batch, and computed anew",
    ),
    Equivalent(
        "stages/spectrogram",
        r"while n_pending >= tile_samples",
        "while n_pending > tile_samples",
        "a tile that is just full comes with the next block or at the end",
    ),
    Equivalent(
        "stages/spectrogram",
        r"if len\(pending\) == 1 else",
        "if (len(pending) == 1) and False else",
        "one block put together is a copy of it",
    ),
    Equivalent(
        "stages/spectrogram",
        r"windowed, axis=1\)",
        "windowed, )",
        "the last of two axes is transformed by default",
    ),
    *_any_of(
        "stages/spectrogram",
        r"np\.log10\(power, out=power\)",
        "np.log10(power, out=None)",
        "np.log10(power, )",
        reason="the result is the same, in memory of its own",
    ),
    Equivalent(
        "stages/decision",
        r"log_odds, -500\)",
        "log_odds, -501)",
        "so far out a probability is 0 to the last bit that anyone reads",
    ),
)
