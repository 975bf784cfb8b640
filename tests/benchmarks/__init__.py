"""Benchmarks: figures, never tests. Each module runs by `python -m tests.benchmarks.NAME`.

| module | question |
| --- | --- |
| `engine` | events a second, beside stock Faust, Quix Streams and a bare client |
| `tables` | table writes a second and the recovery of tables, beside stock Faust |
| `latency` | what the engine adds to an event's way, beside a bare client |
| `memory` | whether the worker's memory stays flat under a huge lag |
| `scale` | what further workers of one group bring |
| `inference` | texts a second of the worker, beside offline loops; chat under a flood |
| `end_to_end` | reviews labelled a second, Kafka to Kafka, beside what one would write else |
| `publishing` | which producer writes encoded results fastest |
| `quality` | how good the models are on public sets, beside classical floors |

All but `quality` want a machine that does nothing else, and what `make test` wants for a broker:
Java and Maven. `report` turns their JSON into rows of the tables in `results`.
"""
