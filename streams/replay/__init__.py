"""Files of reviews, messages, orders and reference data, sent as events.

errors.py       what can be wrong with a file or with what is asked of it
lines.py        a file's lines: gzip, byte order mark, encoding
readers.py      rows of any file: its format, found by extension and content
json_stream.py  the objects of a JSON array, one by one
columns.py      a file's columns as our fields: `--map`, `--set`, numbers, times, made ids
events.py       rows to records: key and value, one function a kind of file
orders.py       rows of one order gathered
producer.py     records to Kafka, each delivery confirmed
run.py          the order of things, with rate, limit and waiting for outcomes
"""
