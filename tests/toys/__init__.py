"""Models small enough to be made in a moment, and workers that fail as they are told to."""
