"""What the teaching notebooks show: sounds to listen to and figures to look at.

Conventions: functions named ``*_figure`` return a figure of their own in the house's style, so
that they can be given to ``ipywidgets.interact`` as they are. They compute with the project's
own stages, never with a simplified copy of them. Signals are mono float32.
"""

from experiments.teaching.choice_figures import interval_figure, size_figure
from experiments.teaching.choices import ask_all, size_and_accuracy, variants
from experiments.teaching.constellation_figures import (
    constellation_figure,
    neighbourhood_figure,
    survival_figure,
    whitening_figure,
)
from experiments.teaching.limit_figures import (
    accuracy_figure,
    evidence_figure,
    heard,
    heard_figure,
    scores_figure,
    speed_figure,
    threshold_figure,
)
from experiments.teaching.look_figures import (
    drift_figure,
    playback_figure,
    prominence_figure,
    rhythm_figure,
)
from experiments.teaching.matching_figures import (
    alignment_figure,
    asked_figure,
    chance_figure,
    decision_figure,
    rarity_figure,
    verification_figure,
)
from experiments.teaching.pair_figures import (
    constellation,
    fan_out_figure,
    pairs_figure,
    shift_figure,
    specificity_figure,
    target_zone_figure,
)
from experiments.teaching.sound_figures import (
    frame_figure,
    leakage_figure,
    music_figure,
    resolution_figure,
    scales_figure,
    waveform_figure,
)
from experiments.teaching.sounds import constellation_sound, excerpt, player, tones_and_clicks
from experiments.teaching.survivor_figures import (
    choice_figure,
    fate_figure,
    kept_figure,
    rival_figure,
    weights_figure,
)

__all__ = [
    "accuracy_figure",
    "alignment_figure",
    "ask_all",
    "asked_figure",
    "chance_figure",
    "choice_figure",
    "constellation",
    "constellation_figure",
    "constellation_sound",
    "decision_figure",
    "drift_figure",
    "evidence_figure",
    "excerpt",
    "fan_out_figure",
    "fate_figure",
    "frame_figure",
    "heard",
    "heard_figure",
    "interval_figure",
    "kept_figure",
    "leakage_figure",
    "music_figure",
    "neighbourhood_figure",
    "pairs_figure",
    "playback_figure",
    "player",
    "prominence_figure",
    "rarity_figure",
    "resolution_figure",
    "rhythm_figure",
    "rival_figure",
    "scales_figure",
    "scores_figure",
    "shift_figure",
    "size_and_accuracy",
    "size_figure",
    "specificity_figure",
    "speed_figure",
    "survival_figure",
    "target_zone_figure",
    "threshold_figure",
    "tones_and_clicks",
    "variants",
    "verification_figure",
    "waveform_figure",
    "weights_figure",
    "whitening_figure",
]
