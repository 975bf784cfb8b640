"""A shop's moderation policy, as it stands in a TOML file.

    [insult]                # an attribute: a label of the moderation model
    hold = 0.8              # from this probability on, a person decides
    reject = 0.98           # from this one on, nobody needs to; leave it out for never

    [insult.zh]             # for one language, where it is otherwise
    hold = 0.9

What a file does not name has no consequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from inference.files.errors import FileError
from inference.files.toml import read_toml
from inference.tasks.moderation import RULED, Policy, Thresholds
from schemas.base import Language
from schemas.hints import nearest

BUNDLED: Final = Path(__file__).parent.parent / "bundled" / "moderation" / "policy.toml"
_STEPS: Final = ("hold", "reject")
_LANGUAGES: Final = tuple(language.value for language in Language)


class PolicyError(ValueError):
    """A policy file is not what it should be; the sentence says where."""


def read_policy(path: Path = BUNDLED) -> Policy:
    """Return the policy in a file; raises `PolicyError`."""
    try:
        return parse_policy(read_toml(path))
    except FileError as error:
        raise PolicyError(str(error)) from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def parse_policy(content: Mapping[str, Any]) -> Policy:
    """Return the policy of a file's content; raises `PolicyError`."""
    if not content:
        raise PolicyError(
            "no attribute is named, so nothing would ever be held: name one, or set "
            "moderation.enabled = false"
        )
    languages: dict[Language, dict[str, Thresholds]] = {language: {} for language in Language}
    for attribute, table in content.items():
        if not isinstance(table, dict):
            raise PolicyError(f"{attribute} must be a table with {' or '.join(_STEPS)}")
        for language in Language:
            languages[language][attribute] = _thresholds(attribute, table, language)
    return Policy(languages=languages)


def unknown_attributes(policy: Policy, labels: Iterable[str]) -> list[str]:
    """Return a sentence for each attribute that neither a model with `labels` nor a rule knows.

    No review is ever held for one.
    """
    known = {*labels, *RULED}
    return [
        f"the moderation model knows no {name!r}: {nearest(name, known)}"
        for name in policy.attributes
        if name not in known
    ]


def _thresholds(attribute: str, table: Mapping[str, Any], language: Language) -> Thresholds:
    own = table.get(language.value, {})
    if not isinstance(own, dict):
        raise PolicyError(f"{attribute}.{language.value} must be a table")
    _check_names(attribute, table, (*_STEPS, *_LANGUAGES))
    _check_names(f"{attribute}.{language.value}", own, _STEPS)
    general = {name: table[name] for name in _STEPS if name in table}
    hold, reject = (_number(attribute, name, {**general, **own}.get(name)) for name in _STEPS)
    if hold is None and reject is None:
        raise PolicyError(f"{attribute} has no threshold for {language.value}: name hold or reject")
    if hold is not None and reject is not None and reject < hold:
        raise PolicyError(f"{attribute}: reject ({reject:g}) is below hold ({hold:g})")
    return Thresholds(hold=hold, reject=reject)


def _check_names(place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise PolicyError(f"unknown key {place}.{name}: {nearest(name, known)}")


def _number(attribute: str, name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise PolicyError(f"{attribute}.{name} must be a number above 0 and up to 1")
    return float(value)
