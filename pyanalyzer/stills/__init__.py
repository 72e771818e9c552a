"""Two still pictures of one scene: what changed between them, and where.

``read`` the pictures, ``align`` the first onto the second, ``photometry`` matches their light,
``planes`` are what the network sees, ``locate`` finds the changed regions by MAP on the grid,
``moves`` matches what vanished with what appeared, ``compare`` does it all; ``draw``,
``text_report``, ``json_report`` and ``html_report`` show it. ``pairs`` makes pairs with known
changes.
"""
