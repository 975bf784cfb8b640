"""The attributes that Perspective had, for any language.

Those that are a label of the loaded model, in capitals, have scores here. Of the rest it is said
what was said of an attribute without a model for the comment's language, which programs know.
"""

from __future__ import annotations

from typing import Final

_PRODUCTION: Final = (
    *("TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT"),
    *("SEXUALLY_EXPLICIT", "FLIRTATION"),
)
_NEW_YORK_TIMES: Final = (
    *("ATTACK_ON_AUTHOR", "ATTACK_ON_COMMENTER", "INCOHERENT", "INFLAMMATORY"),
    *("LIKELY_TO_REJECT", "OBSCENE", "SPAM", "UNSUBSTANTIAL"),
)
_BRIDGING: Final = (
    *("AFFINITY", "COMPASSION", "CURIOSITY", "NUANCE", "PERSONAL_STORY", "REASONING", "RESPECT"),
)
KNOWN: Final = frozenset(
    (
        *_PRODUCTION,
        *_NEW_YORK_TIMES,
        *(f"{name}_EXPERIMENTAL" for name in (*_PRODUCTION, *_BRIDGING)),
    )
)
