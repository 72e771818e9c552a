"""A network small enough to be trained and run in tests, with every part that one can have."""

from dataclasses import replace

from pyanalyzer.score.configuration import NetworkConfiguration

SMALL = NetworkConfiguration(
    map_width=8,
    map_blocks=1,
    compared_width=16,
    compared_blocks=2,
    crop_width=8,
    candidate_width=8,
    temporal_width=16,
    heads=2,
    place_dilations=(1, 2),
    dilations=(1, 2, 4),
    last_dilations=(1,),
)

# Without what the compiled core does not run; its places lie as far apart as those of old weights.
SMALL_PLAIN = replace(SMALL, heads=0, place_dilations=(), last_dilations=())
SMALL_COARSE = replace(SMALL_PLAIN, place_step=2)
