"""A network small enough to be trained and run in tests, with every part of the real one."""

from pyanalyzer.score.model import NetworkConfiguration

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
