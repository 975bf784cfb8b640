"""The systems under comparison: each a program that relays one topic to another until SIGTERM.

They share the work (`tests.benchmarks.work`) and their options (`options`); each runs at the
settings that were fastest here, but where it is asked for as it is shipped. Those with requirement
lines beside them run in environments of their own, made of those.

`ours`, `stock`, `quix` and `bare` ask a model that answers at once; `product`, `faust_pipeline` and
`quix_pipeline` a real one.
"""
