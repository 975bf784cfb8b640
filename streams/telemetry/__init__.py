"""What the worker tells of itself: figures, traces, health.

    pipelines ─ hooks ─► Recorder ─► Figures ─┐
                            │                 ├─ Collector ─► /metrics
    engine, inference ──── Standing ──────────┤
                                              └─ health ────► /healthz, /readyz
                            └─► Traces ─► OTLP

The path of an event meets this package in `hooks` alone, once a chunk, an answer and a settling.
"""
