"""What the worker serves over HTTP: health, metrics, the dashboard."""
