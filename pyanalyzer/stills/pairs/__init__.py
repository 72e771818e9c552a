"""Pairs of still pictures with known changes, made from a seed.

``sources`` are the pictures, ``things`` what is pasted into them, ``edits`` the changes,
``nuisance`` all that differs between two pictures of the same scene without being a change,
``pair`` puts them together. Splits are by source picture and by thing: what validates or tests was
never trained on.
"""
