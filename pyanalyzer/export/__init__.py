"""Exports: a :class:`pyanalyzer.records.Timeline` in the formats of other tools.

Nothing here reads the replay. ``registry`` lists the formats; each has a module that turns the
record into the bytes of a file. Modules of formats that need a library of the extra ``[export]``
load it only when they are asked to write. docs/exports.md says what each format cannot carry.
"""
