"""The report as one HTML file to look into: replay, timeline, evidence, table, statistics.

``render`` puts together what lies here as hand-written HTML, CSS and JavaScript and the
``contents``: the timeline as data. Nothing is loaded from a network, and the page forbids itself to
(Content-Security-Policy). ``docs/page.md`` is the map.
"""
