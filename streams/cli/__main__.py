"""`python -m streams.cli` is `shopstreams`."""

from streams.cli import main

main()
