"""Kafka in, Kafka out: events of a shop become labels, replies and recommendations.

The engine:

    app.py             the Faust application and the worker's life
    transport.py       Faust's consumer, handing on chunks instead of single records
    consumer_thread.py the client behind it: what the group says, asked where its loop runs
    frontier.py        what of a partition is taken in, done and fit to be committed
    chunks.py          what one fetch brought of one partition
    pipeline.py        from a chunk to its outcomes
    flight.py          what is known of a chunk's records on their way
    ordering.py        which of them may leave: release by key
    delivery.py        how outcomes reach the broker; transactions.py: exactly once
    tables.py          tables written by chunk; windows.py: by key and window
    engine.py          all partitions of a worker
    agents/            one a source
    models/            commands that change the models of all workers

Around it:

    config.py          the settings: sections, defaults and limits
    config_checks.py   what a value must be beyond its type
    config_sources.py  where settings come from: file, environment, flags; origins and errors
    admin.py           topics: made as they should be, and compared with what is there
    outcomes.py        reads what became of events
    outcome_ledger.py  matches produced records with what became of them
    security/          TLS, SASL and rights at the broker, for both clients
    telemetry/         metrics, traces, and what the dashboard shows
    web/               health, metrics and the dashboard
    replay/            files of reviews, messages, orders and reference data, sent as events
    cli/               the command `shopstreams`
    demo/              a shop in a terminal, with a broker of its own
    errors.py          what can go wrong in the engine
"""
