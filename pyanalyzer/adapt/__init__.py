"""A second look: the network learns from the replay's own surest changes what to look for.

Which of the figures on the screen is the player's, and what its changes look like, is the same all
through a replay. What the first look is sure of says so, without anybody's labels (self-training:
Lee, "Pseudo-label", 2013; on the very data that is asked about: Sun et al., "Test-time training",
2020). See docs/adapt.md.
"""
