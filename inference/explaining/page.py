"""An explanation as one page that needs nothing else: no script, no font, no address."""

from __future__ import annotations

from html import escape

from inference.explaining.occlusion import Explanation, Part

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{label}</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/2 system-ui, sans-serif; }}
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
mark {{ color: inherit; border-radius: 0.25em; padding: 0.1em 0; }}
small {{ opacity: 0.75; }}
</style>
</head>
<body>
<h1>{label} {score:.3f}</h1>
<p>{text}</p>
<p><small>Green speaks for {label}, red against it; point at a word for its weight (fall of the log
odds without it). Scores: {scores}.</small></p>
</body>
</html>
"""
_FOR, _AGAINST = "46, 160, 67", "218, 54, 51"
_STRONGEST = 0.75
"""Opacity of the word that moves the score most."""


def page(explanation: Explanation, language: str) -> str:
    """Return the page; the text's own HTML is shown as text."""
    most = max((abs(part.weight) for part in explanation.parts), default=0.0)
    scores = ", ".join(f"{name} {value:.3f}" for name, value in explanation.scores.items())
    return _PAGE.format(
        language=escape(language),
        label=escape(explanation.label),
        score=explanation.score,
        scores=escape(scores),
        text="".join(_part(part, most) for part in explanation.parts),
    )


def _part(part: Part, most: float) -> str:
    if not part.weight or not most:
        return escape(part.text)
    colour = _FOR if part.weight > 0 else _AGAINST
    opacity = _STRONGEST * abs(part.weight) / most
    return (
        f'<mark style="background: rgba({colour}, {opacity:.2f})" title="{part.weight:+.2f}">'
        f"{escape(part.text)}</mark>"
    )
