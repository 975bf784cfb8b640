"""The configuration reference says what the code declares."""

from __future__ import annotations

from pathlib import Path

from streams.config import Settings, setting_values
from streams.config_reference import markdown

PAGE = Path(__file__).parents[2] / "docs/configuration.md"


def test_the_page_is_not_older_than_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run `make reference`"


def test_every_setting_is_told_with_default_range_and_meaning() -> None:
    page = markdown()
    for section, name in (key for key in setting_values(Settings()) if len(key) == 2):
        (row,) = (
            line
            for line in page.partition(f"\n## {section}\n")[2].partition("\n## ")[0].splitlines()
            if line.startswith(f"| `{name}` |")
        )
        assert all(cell.strip() for cell in row.split(" | ")), row
    assert "| `port` | `6066` | whole number from 1 to 65,535 | Port to listen on. |" in page
    assert '| `device` | `"auto"` | `auto`, `cpu`, `cuda` |' in page
    assert "| `hang_s` | `30.0` | number over 0 to 3,600 |" in page


def test_secrets_are_marked() -> None:
    secrets = [line for line in markdown().splitlines() if "Secret: never shown." in line]
    assert [line.split("`")[1] for line in secrets] == [
        "ssl_key_password",
        "sasl_password",
        "oauth_client_secret",
    ]
