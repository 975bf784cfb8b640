"""A shop in a terminal: a broker of its own, a feed of events, a worker and a screen.

broker.py   the embedded broker, in a process that dies with its parent
feed.py     sample events at a human pace, broken ones among them
worker.py   the worker as a child process, its log in a file
state.py    what the screen shows: latest outcomes, rates, latencies
view.py     the screen
run.py      the order of things
"""
