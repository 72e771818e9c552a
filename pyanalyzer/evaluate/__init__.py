"""How good is a timeline: onsets, kinds, regions and confidences against the truth.

The metrics (``matching``, ``baselines``, ``regions``, ``reliability``, ``bootstrap``) take plain
arrays; ``protocol`` puts them together for replays with truth files, ``report`` prints them.
"""
