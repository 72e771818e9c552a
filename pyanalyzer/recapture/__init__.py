"""Recapture: labelled replays as other people would have captured, edited and uploaded them.

``kinds`` names what can happen and how often; ``draw`` draws a ``plan`` from a seed; ``timing``
says which frame of the source each frame of the capture shows; ``placement``, ``picture`` and
``overlays`` make the picture; ``labels`` moves the truth along; ``job`` does all of it for one
capture, and ``jobs`` for many. docs/truth.md says what stays exact and what is approximate.
"""
