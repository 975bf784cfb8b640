from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.masking import ALL_KINDS, Kind
from streams.config import (
    DEFAULT_ORIGIN,
    LoadedSettings,
    Settings,
    inference_settings,
    load_settings,
    setting_values,
)
from streams.config_sources import ConfigError, variable

ALONE_OF_NO_USE = ("ssl_", "sasl_", "oauth_")
FIXED_KEYS = sorted(setting_values(Settings()))


def load(
    directory: Path,
    toml: str | None = None,
    environ: dict[str, str] | None = None,
    **flags: Any,
) -> LoadedSettings:
    if toml is not None:
        (directory / "shopstreams.toml").write_text(toml, encoding="utf-8")
    named = {name.replace("__", "."): value for name, value in flags.items()}
    return load_settings(environ=environ or {}, flags=named, directory=directory)


def sentence(directory: Path, toml: str | None = None, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(directory, toml, environ)
    return str(caught.value)


def test_without_any_source_the_defaults_are_in_force(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.settings == Settings()
    assert {loaded.origin(key) for key in FIXED_KEYS} == {DEFAULT_ORIGIN}


def test_later_layers_win_and_each_value_keeps_its_origin(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        '[kafka]\ngroup = "file"\npartitions = 2\nreplication_factor = 3\n',
        {"SHOPSTREAMS_KAFKA__GROUP": "variable", "SHOPSTREAMS_KAFKA__PARTITIONS": "5"},
        kafka__group="flag",
    )
    kafka = loaded.settings.kafka
    assert (kafka.group, kafka.partitions, kafka.replication_factor) == ("flag", 5, 3)
    assert loaded.origin(("kafka", "group")) == "--group"
    assert loaded.origin(("kafka", "partitions")) == "SHOPSTREAMS_KAFKA__PARTITIONS"
    assert loaded.origin(("kafka", "replication_factor")).endswith("shopstreams.toml")
    assert loaded.origin(("kafka", "bootstrap_servers")) == DEFAULT_ORIGIN


def test_a_flag_that_is_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, kafka__group=None).settings == Settings()


def test_a_named_file_comes_in_place_of_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "shopstreams.toml").write_text('[kafka]\ngroup = "usual"\n', encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text('[kafka]\ngroup = "other"\n', encoding="utf-8")
    loaded = load_settings(config=other, environ={}, directory=tmp_path)
    assert loaded.settings.kafka.group == "other"


@given(st.sampled_from(FIXED_KEYS))
def test_every_setting_has_a_variable(key: tuple[str, ...]) -> None:
    value = setting_values(Settings())[key]
    text = {None: {"reply": "0.5"}.get(key[0], "x")}.get(value, str(value))
    environ = {variable(key): text}
    if key[1].startswith(ALONE_OF_NO_USE):
        with pytest.raises(ConfigError, match=variable(key)):
            load_settings(environ=environ, directory=Path("/nonexistent"))
        return
    loaded = load_settings(environ=environ, directory=Path("/nonexistent"))
    assert loaded.origin(key) == variable(key)


@given(st.sampled_from(FIXED_KEYS), st.data())
def test_a_key_with_one_letter_wrong_is_named_with_the_right_one(
    key: tuple[str, ...], data: st.DataObject
) -> None:
    name = key[1]
    at = data.draw(st.integers(min_value=0, max_value=len(name) - 1))
    wrong = name[:at] + "x" + name[at + 1 :]
    assume(wrong != name)
    with pytest.raises(ConfigError, match=f"did you mean '{name}'") as caught:
        load_settings(environ={}, flags={f"{key[0]}.{wrong}": "1"})
    assert f"{key[0]}.{wrong}" in str(caught.value)


@given(st.integers(min_value=1, max_value=10_000), st.integers(min_value=1, max_value=10_000))
def test_the_environment_wins_over_the_file(file: int, variable_value: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        loaded = load(
            Path(name),
            f"[kafka]\npartitions = {file}\n",
            {"SHOPSTREAMS_KAFKA__PARTITIONS": str(variable_value)},
        )
    assert loaded.settings.kafka.partitions == variable_value


def test_topics_and_fields_are_named_by_id(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        '[topics]\nreviews = "shop.reviews"\n[fields.reviews]\ntext = "body.content"\n',
        {"SHOPSTREAMS_TOPICS__DEAD_LETTERS": "shop.dead"},
    )
    topics = loaded.settings.named_topics()
    assert (topics["reviews"].name, topics["dead-letters"].name) == ("shop.reviews", "shop.dead")
    assert loaded.settings.fields == {"reviews": {"text": "body.content"}}
    assert loaded.origin(("topics", "dead-letters")) == "SHOPSTREAMS_TOPICS__DEAD_LETTERS"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[kafak]\n", "unknown section 'kafak' in FILE: did you mean 'kafka'?"),
        ("[kafka]\ngrup = 1\n", "unknown key 'kafka.grup' in FILE: did you mean 'group'?"),
        ("[kafka]\npartitions = 'x'\n", "kafka.partitions = 'x' in FILE: must be a whole number"),
        ("[kafka]\npartitions = true\n", "must be a number, not true or false"),
        ("[kafka]\npartitions = 0\n", "kafka.partitions = 0 in FILE: must be at least 1"),
        ("[kafka]\npartitions = 1.5\n", "must be a whole number"),
        ("[kafka]\ngroup = 7\n", "kafka.group = 7 in FILE: must be text"),
        ("[kafka]\ngroup = ''\n", "must not be empty"),
        ("[kafka]\nbootstrap_servers = 'broker'\n", "must be host:port"),
        ("[web]\nport = 99999\n", "web.port = 99999 in FILE: must be at most 65535"),
        ("[reply]\nthreshold = 2\n", "reply.threshold = 2 in FILE: must be at most 1"),
        ("[inference]\ndevice = 'tpu'\n", "must be 'auto', 'cpu' or 'cuda'"),
        ("[topics]\nreview = 'x'\n", "there is no topic 'review': did you mean 'reviews'?"),
        ("[topics]\nreviews = 'a b'\n", "is no name for a topic"),
        ("[topics]\nreviews = 'orders'\n", "two topics are called 'orders'"),
        ("[masking]\nreplys = ['all']\n", "no result topic 'replys': did you mean 'replies'?"),
        ("[masking]\nreplies = ['fone']\n", "there is no kind 'fone': did you mean 'phone'?"),
        ("[masking]\nreplies = 7\n", "replies must have a list of kinds"),
        ("[masking]\ndead-letters = ['all']\n", "dead-letters carries records as they came"),
        ("[kafka]\nssl_ca_file = 'x'\n", "ssl_ca_file has no effect with security_protocol PLAIN"),
        ("[kafka]\nsecurity_protocol = 'sasl_ssl'\n", "SASL_SSL needs a sasl_mechanism"),
        ("[kafka]\nsecurity_protocol = 'tls'\n", "must be 'PLAINTEXT', 'SSL'"),
        ("[kafka]\nsasl_pasword = 'x'\n", "'kafka.sasl_pasword' in FILE: did you mean 'sasl_pas"),
        ("[fields.review]\ntext = 'x'\n", "there is no source 'review'"),
        ("[fields.reviews]\ntxt = 'x'\n", "ReviewEvent has no field 'txt'"),
        ("[fields.reviews]\ntext = 'a..b'\n", "has an empty step"),
        ("[fields]\nreviews = 'x'\n", "fields.reviews = 'x' in FILE: must be a table"),
        ("kafka = 3\n", "kafka = 3 in FILE: must be a table"),
        ("[kafka]\npartitions =\n", "FILE is not TOML: invalid value (at line 2, column 13)"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, toml: str, said: str) -> None:
    file = str(tmp_path / "shopstreams.toml")
    found = sentence(tmp_path, toml)
    assert said.replace("FILE", file) in found
    assert "\n" not in found
    assert file in found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sasl_mechanism": "PLAIN"}, "PLAIN needs sasl_username, and sasl_password or"),
        ({"sasl_mechanism": "OAUTHBEARER"}, "OAUTHBEARER needs oauth_token_endpoint,"),
        ({"sasl_mechanism": "GSSAPI"}, "must be 'PLAIN', 'SCRAM-SHA-256'"),
        ({"ssl_key_file": "x"}, "ssl_certificate_file and ssl_key_file need each other"),
        (
            {"sasl_password": "Geheim-1", "sasl_password_file": "x"},
            "sasl_password and sasl_password_file are both set",
        ),
        ({"oauth_token_endpoint": "ftp://x"}, "must be an address that begins with https://"),
    ],
)
def test_half_a_security_is_none(given: dict[str, str], said: str) -> None:
    flags = {"security_protocol": "SASL_SSL"} | given
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={}, flags={f"kafka.{name}": value for name, value in flags.items()})
    assert said in str(caught.value)
    assert "Geheim" not in str(caught.value)


def test_a_secret_of_the_wrong_kind_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "shopstreams.toml").write_text("[kafka]\nsasl_password = 447711\n")
    with pytest.raises(ConfigError, match=r"kafka.sasl_password = \*\*\*\* in .*: must be text"):
        load(tmp_path)


def test_secrets_do_not_show_in_what_is_printed() -> None:
    flags = {
        "security_protocol": "sasl_ssl",
        "sasl_mechanism": "plain",
        "sasl_username": "u",
        "sasl_password": "Geheim-2",
    }
    loaded = load_settings(environ={}, flags={f"kafka.{name}": one for name, one in flags.items()})
    shown = [
        repr(loaded),
        str(loaded.settings),
        json.dumps([*setting_values(loaded.settings).values()]),
    ]
    assert not [one for one in shown if "Geheim" in one]
    assert loaded.settings.kafka.sasl_password is not None
    assert loaded.settings.kafka.sasl_password.get_secret_value() == "Geheim-2"


def test_kinds_to_mask_are_a_list_or_a_variables_text(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        '[masking]\nreplies = ["phone", "email"]\n',
        {"SHOPSTREAMS_MASKING__REVIEW_LABELS": "card, id", "SHOPSTREAMS_MASKING__HANDOFFS": "all"},
    )
    policy = loaded.settings.masking
    assert policy["replies"] == (Kind.PHONE, Kind.EMAIL)
    assert policy["review-labels"] == (Kind.CARD, Kind.ID)
    assert set(policy["handoffs"]) == ALL_KINDS
    assert Settings().masking == {}


def test_a_variable_is_named_when_its_value_is_wrong(tmp_path: Path) -> None:
    said = sentence(tmp_path, SHOPSTREAMS_WEB__PORT="http")
    assert said == "web.port = 'http' in SHOPSTREAMS_WEB__PORT: must be a whole number"


def test_a_variable_with_one_underscore_too_few_is_not_ignored(tmp_path: Path) -> None:
    said = sentence(tmp_path, SHOPSTREAMS_KAFKA_GROUP="x")
    assert (
        said == "unknown variable SHOPSTREAMS_KAFKA_GROUP: did you mean SHOPSTREAMS_KAFKA__GROUP?"
    )


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*no.toml: No such file"):
        load_settings(config=tmp_path / "no.toml", environ={})


def test_a_file_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    (tmp_path / "shopstreams.toml").write_bytes(b'[kafka]\ngroup = "\xff"\n')
    assert "is not UTF-8 (at byte 17)" in sentence(tmp_path)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().kafka.__setattr__("group", "x")


def test_values_are_fit_for_json() -> None:
    assert json.loads(json.dumps([*setting_values(Settings()).values()]))


def test_inference_is_told_all_of_its_section(tmp_path: Path) -> None:
    environ = {"SHOPSTREAMS_INFERENCE__DEVICE": "cpu", "SHOPSTREAMS_INFERENCE__THREADS": "3"}
    environ["SHOPSTREAMS_MODELS__INTENT"] = "/models/mine"
    told = inference_settings(load(tmp_path, environ=environ).settings)
    assert (told.device, told.threads, told.batch_tokens, told.batch_ms) == ("cpu", 3, 0, 50.0)
    assert (told.cache_bytes, told.hang_s) == (64 * 1024 * 1024, 30.0)
    assert told.models == {"sentiment": "bundled", "intent": "/models/mine", "recommend": "bundled"}


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_who_moderates_nothing_needs_neither_model_nor_topics(tmp_path: Path, enabled: str) -> None:
    environ = {"SHOPSTREAMS_MODERATION__ENABLED": enabled}
    settings = load(tmp_path, environ=environ).settings
    is_on = enabled == "true"
    assert inference_settings(settings).models.get("moderation") == ("bundled" if is_on else None)
    ids = {spec.id for spec in settings.named_topics().specs}
    assert ids.isdisjoint({"held-reviews", "moderation-decisions", "review-decisions"}) is not is_on
