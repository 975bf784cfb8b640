"""Versions of one model: by content hash, with cards and figures, and who of them is live.

store.py        files of a registry, in a folder or wherever fsspec reaches
records.py      what is written down of the registry and of each version
registry.py     make, add, list, promote, roll back
comparing.py    figures of a version on the registry's own evaluation file
named.py        `registry:PATH@live`, as a configuration or a command names a version
address.py      from there to a folder on this machine

    registry.json              task, evaluation file, how its columns are named
    evaluation/FILE            the copy that every version is measured on
    versions/HASH/...          a model's folder as it was added
    records/HASH.json          written last: a version without it is not there
    aliases.json               candidate, live, previous; one file, so that all change at once
"""
