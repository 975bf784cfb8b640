"""The wire of shopstreams: events, results, dead letters, topics, codec, contract.

Knows neither Faust nor torch. Everything that crosses Kafka is one of the models below.

    base.py       what every message shares: strictness, ids, times, schema_version
    events.py     what shops send: reviews, queries, orders
    reference.py  what shops keep: catalogue items and knowledge entries
    results.py    what leaves: labels, replies, recommendations, in one envelope
    letters.py    what could not be worked on: dead letters
    topics.py     names, keys and limits of all topics
    codec.py      bytes to models and back
    mapping.py    a shop's own field names, by path
    contract.py   JSON Schema and AsyncAPI 3 of all this
    compatibility.py  what a change would break for readers
    errors.py     what can be wrong with a record
"""
