"""Files that people have: rows of reviews, messages, orders and labels, and what they configure.

errors.py       what can be wrong with a file or with what is asked of it
lines.py        a file's lines: gzip, byte order mark, encoding
readers.py      rows of any file: its format, found by extension and content
json_stream.py  the objects of a JSON array, one by one
whole.py        a file written whole or not at all
toml.py         a TOML file
columns.py      a file's columns as our fields: `--map`, `--set`, numbers, times
"""
