"""Answers in the format of Perspective's API, v1alpha1, for programs that asked it until it closed.

    messages.py    requests, as that API takes them
    errors.py      what is refused, in its words and codes
    attributes.py  what that API had
    sentences.py   parts of a text that have a score of their own
    analysis.py    a request becomes scores of the moderation model

`streams/web/perspective.py` serves it.
"""
