"""The colours that all HTML pages share: paper and ink, on a light and on a dark ground."""

from __future__ import annotations

LIGHT = """
  --paper: #f7f7f5; --card: #ffffff; --ink: #1c2126; --soft: #5a646e; --line: #dcdfe3;
  --grid: #e8eaed; --good: #0072b2; --bad: #c4480c; --second: #9a6700;
"""
DARK = """
  --paper: #121518; --card: #1b1f24; --ink: #e9ebee; --soft: #a2abb5; --line: #343a42;
  --grid: #2a3037; --good: #5bb8ee; --bad: #ff8d52; --second: #e9b83c;
"""
