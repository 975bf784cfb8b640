"""The systems under comparison: each a program that relays one topic to another until SIGTERM.

They share the work (`tests.benchmarks.work`) and their options (`options`); each runs at the
settings that were fastest here. `stock` and `quix` run in environments of their own, made of the
requirement lines beside them.
"""
