"""Reports: a :class:`pyanalyzer.records.Timeline` as text, JSON, CSV or a picture.

Nothing here reads the replay. Each module takes the record and gives text or bytes; rich is loaded
only where something is drawn.
"""
