"""Files of reviews, messages, orders and reference data, sent as events.

errors.py       what can go wrong on the way to the broker
events.py       rows (`inference.files`) to records: key and value, one function a kind of file
orders.py       rows of one order gathered
producer.py     records to Kafka, each delivery confirmed
accuracy.py     how often the worker's label was the file's
run.py          the order of things, with rate, limit and waiting for outcomes
"""
