"""How well personal data is found: written sentences with known places, and real reviews.

sentences.py   sentences with personal data of every kind, from a seed
values.py      the personal data itself, nobody's
measure.py     precision and recall by kind, false alarms and speed
__main__.py    `python -m tests.benchmarks.masking --reviews FILE ...`
"""
