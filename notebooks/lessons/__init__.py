"""Lessons: the sounds and figures of the teaching notebooks.

Functions named ``*_figure`` return a new figure in the house's style, so that they can be given
to ``ipywidgets.interact`` as they are. They compute with the project's own stages, never with a
simplified copy of them. Signals are mono float32. What each notebook draws is in these modules:

======================= ====================================================================
01 sound to spectrogram `sound_figures`
02 constellation        `constellation_figures`
03 pairs and hashes     `pair_figures`
04 matching             `matching_figures`: votes, chance, single peaks, the decision;
                        `rank_figures`: loudness (rank z and broadband z)
05 noise and limits     `limit_figures`: damage, accuracy, thresholds, speed;
                        `pass_figures`: further passes, at other playbacks and tempos
06 choosing parameters  `choices`: the small experiment; `choice_figures`
all of them             `sounds`: what is heard; `drawing`: the frame of every figure
======================= ====================================================================
"""

from notebooks.lessons.choice_figures import interval_figure, size_figure, unseen_rate_figure
from notebooks.lessons.choices import ask_all, size_and_accuracy, variants
from notebooks.lessons.constellation_figures import (
    constellation_figure,
    neighbourhood_figure,
    repeatability_figure,
    whitening_figure,
)
from notebooks.lessons.limit_figures import (
    accuracy_figure,
    evidence_figure,
    heard,
    heard_figure,
    scores_figure,
    speed_figure,
    threshold_figure,
)
from notebooks.lessons.matching_figures import (
    alignment_figure,
    answer_figure,
    chance_figure,
    decision_figure,
    rarity_figure,
    verification_figure,
)
from notebooks.lessons.pair_figures import (
    constellation,
    fan_out_figure,
    pairs_figure,
    shift_figure,
    specificity_figure,
    target_zone_figure,
)
from notebooks.lessons.pass_figures import drift_figure, playback_figure
from notebooks.lessons.rank_figures import broadband_z_figure, rank_z_figure
from notebooks.lessons.sound_figures import (
    frame_figure,
    leakage_figure,
    music_figure,
    resolution_figure,
    scales_figure,
    waveform_figure,
)
from notebooks.lessons.sounds import constellation_sound, excerpt, player, tones_and_clicks

__all__ = [
    "accuracy_figure",
    "alignment_figure",
    "answer_figure",
    "ask_all",
    "broadband_z_figure",
    "chance_figure",
    "constellation",
    "constellation_figure",
    "constellation_sound",
    "decision_figure",
    "drift_figure",
    "evidence_figure",
    "excerpt",
    "fan_out_figure",
    "frame_figure",
    "heard",
    "heard_figure",
    "interval_figure",
    "leakage_figure",
    "music_figure",
    "neighbourhood_figure",
    "pairs_figure",
    "playback_figure",
    "player",
    "rank_z_figure",
    "rarity_figure",
    "repeatability_figure",
    "resolution_figure",
    "scales_figure",
    "scores_figure",
    "shift_figure",
    "size_and_accuracy",
    "size_figure",
    "specificity_figure",
    "speed_figure",
    "target_zone_figure",
    "threshold_figure",
    "tones_and_clicks",
    "unseen_rate_figure",
    "variants",
    "verification_figure",
    "waveform_figure",
    "whitening_figure",
]
