"""The rows of the quality benchmark: one module a family of sets, all into the same `Row`.

| module | sets |
| --- | --- |
| `sentiment` | online_shopping_10_cats, waimai_10k, fdu_mtl, womens_clothing |
| `moderation` | cold |
| `intents` | hint3, banking77 |
| `aspects` | mams |
| `retail` | online_retail |
| `replies` | jddc2018_10k |
| `speed` | sequences a second |

`tuned` trains the models that a set is to have within the benchmark.

Sets are for measuring only: nothing is chosen on them.
"""
