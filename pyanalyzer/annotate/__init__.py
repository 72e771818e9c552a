"""Annotate: the replay with its timeline drawn into it, as video, clips, and thumbnails.

``glyphs``, ``sprites`` and ``shapes`` draw; ``marks`` and ``strip`` say what is drawn of a
timeline; ``video``, ``clips`` and ``thumbnails`` write files, ``window`` shows a live preview.
"""
