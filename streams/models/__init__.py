"""Models that an operator changes while workers run.

    shopstreams models ...            operator: reads, writes and waits for the workers
            │            ▲
            ▼            │
     model-commands   model-events    model-agreement
            │            ▲                 ▲
            ▼            │                 │
       ModelControl ─────┴── Outbox ◄── Windows      in every worker
            │
            ▼
     InferenceClient, Shadow

The last command of each slot is all that a worker needs to know, and the commands' order is the
same for all of them. A swap is two commands: the new model stands ready in every worker before it
takes over in any, so that one that cannot load it changes nothing anywhere.
"""
