"""A worker on a broker that asks who is there and allows only what a rule says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its stub re-exports nothing
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.acceptance.test_worker import COMMAND, READY_LIMIT_S, SAMPLES, STOP_LIMIT_S, Shop
from tests.kafka.secure import ADMIN, ADMIN_PASSWORD, USERS, SecureKafka
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)

RULE_OF = "User:shop"
ANY_NAME: Any = None  # the client's stub knows text only
SECRETS = (*USERS.values(), ADMIN_PASSWORD)


class GuardedShop(Shop):
    """The worker is `shop`, whoever calls commands is `operator`; each has rules for just that."""

    def __init__(self, server: SecureKafka, folder: Path) -> None:
        (folder / "password").write_text(USERS["shop"] + "\n")
        access = (
            'security_protocol = "SASL_SSL"\nsasl_mechanism = "SCRAM-SHA-512"\n'
            f'ssl_ca_file = "{server.certificates.ca}"\nstart_timeout_s = 60\n'
            f'sasl_username = "shop"\nsasl_password_file = "{folder}/password"\n'
        )
        super().__init__(server.sasl, folder, access)
        own = (folder / "shopstreams.toml").read_text()
        for user, password in ((ADMIN, ADMIN_PASSWORD), ("operator", USERS["operator"])):
            (folder / f"{user}-password").write_text(password)
            changed = own.replace('"shop"\nsasl', f'"{user}"\nsasl')
            changed = changed.replace(f"{folder}/password", f"{folder}/{user}-password")
            (folder / f"{user}.toml").write_text(changed)
        self.folder = folder
        self.server = server
        self._admin = AdminClient({"bootstrap.servers": server.bootstrap_servers, "log_level": 0})
        self.said = ""  # by all commands that were called

    def by(self, user: str, *arguments: str) -> str:
        said = self.call(*arguments, "--config", f"{user}.toml")
        self.said += said
        return said

    def refused(self) -> str:
        """Run a worker to its end and return the one line that it says."""
        done = subprocess.run(
            [*COMMAND, "run", "--format", "json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=READY_LIMIT_S,
            check=False,
        )
        self.said += done.stdout + done.stderr
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        return str(json.loads(line)["event"])

    def forbid(self, rule: AclBindingFilter) -> list[AclBinding]:
        """Take rules away and return them."""
        return list(self._admin.delete_acls([rule])[rule].result(STOP_LIMIT_S))

    def allow(self, rules: list[AclBinding]) -> None:
        for done in self._admin.create_acls(rules).values():
            done.result(STOP_LIMIT_S)


@pytest.fixture
def shop(secure_kafka: SecureKafka, tmp_path: Path) -> Iterator[GuardedShop]:
    one = GuardedShop(secure_kafka, tmp_path)
    one.by(ADMIN, "topics", "acls", "--principal", "User:operator", "--for", "operator", "--create")
    one.by("operator", "topics", "create")
    yield one
    if one.worker is not None and one.worker.poll() is None:
        os.killpg(one.worker.pid, signal.SIGKILL)
        one.worker.wait()


def allow_worker(shop: GuardedShop) -> None:
    shop.by(ADMIN, "topics", "acls", "--principal", RULE_OF, "--create")


def rules_on(kind: ResourceType, name: str = ANY_NAME) -> AclBindingFilter:
    """Return what finds the worker's rules on a resource, or on all of that kind."""
    return AclBindingFilter(
        kind,
        name,
        ResourcePatternType.ANY,
        RULE_OF,
        "*",
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def process_tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in process_tree(int(child)))]


def test_with_just_its_rules_a_worker_answers_everything_once(shop: GuardedShop) -> None:
    allow_worker(shop)
    shop.by("operator", "replay", "catalogue", str(SAMPLES / "catalogue.jsonl"))
    shop.by("operator", "replay", "knowledge", str(SAMPLES / "knowledge.jsonl"))
    shop.start()
    assert shop.worker is not None
    arguments = b"".join(
        Path(f"/proc/{pid}/cmdline").read_bytes() for pid in process_tree(shop.worker.pid)
    )
    for source in ("orders", "reviews", "queries"):
        path = SAMPLES / f"{source}.jsonl"
        report = json.loads(shop.by("operator", "replay", source, str(path), "--wait"))
        events = len(path.read_text(encoding="utf-8").splitlines())
        assert report["events"] == report["outcomes"] == events
        assert (report["missing"], report["dead_letters"], report["duplicates"]) == (0, 0, 0)
    assert shop.end(signal.SIGTERM) == 0
    shop.said += shop.call("config") + shop.call("config", "--json")
    everything = (shop.said + shop.log()).encode() + arguments
    assert not [secret for secret in SECRETS if secret.encode() in everything]


def test_without_one_of_its_rules_a_worker_says_which_and_ends(shop: GuardedShop) -> None:
    allow_worker(shop)
    prefix = shop.prefix
    rules = {
        f"does not allow Read on group {prefix}:": rules_on(ResourceType.GROUP, prefix),
        f"does not allow Read on topic {prefix}.orders:": rules_on(
            ResourceType.TOPIC, f"{prefix}.orders"
        ),
        f"does not allow Write on topic {prefix}.replies:": rules_on(
            ResourceType.TOPIC, f"{prefix}.replies"
        ),
        f"to use the transactional id {prefix}-{prefix}.orders-check:": rules_on(
            ResourceType.TRANSACTIONAL_ID, f"{prefix}-{prefix}.orders-"
        ),
    }
    for said, one in rules.items():
        taken = shop.forbid(one)
        assert len(taken) == 1
        assert said in shop.refused()
        shop.allow(taken)


def test_a_rule_taken_away_ends_a_running_worker(shop: GuardedShop) -> None:
    allow_worker(shop)
    shop.start()
    taken = shop.forbid(rules_on(ResourceType.TOPIC, f"{shop.prefix}.review-labels"))
    assert len(taken) == 1
    shop.by("operator", "replay", "reviews", str(SAMPLES / "reviews.jsonl"), "--limit", "5")
    assert shop.worker is not None
    assert shop.worker.wait(READY_LIMIT_S) == 1
    last = json.loads(shop.log().splitlines()[-1])
    said = f"the broker does not allow us to use the topic {shop.prefix}.review-labels"
    assert (last["action"], said in last["event"]) == ("worker_failed", True)


def test_a_wrong_password_ends_a_worker_and_is_not_repeated(shop: GuardedShop) -> None:
    allow_worker(shop)
    (shop.folder / "password").write_text("Falsche-Gabel-55")
    assert "does not accept user 'shop' by SCRAM-SHA-512" in shop.refused()
    assert "Falsche-Gabel-55" not in shop.said
    (shop.folder / "password").unlink()
    assert re.match("cannot read kafka.sasl_password_file = .*: No such file", shop.refused())


def test_a_worker_waits_for_a_broker_that_comes_back(shop: GuardedShop) -> None:
    allow_worker(shop)
    shop.server.stop()
    try:
        shop.launch()
        wait_until(lambda: shop.log().count('"start_waits"') >= 2, READY_LIMIT_S)
    finally:
        shop.server.start()
    wait_until(lambda: '"models_loading"' in shop.log(), READY_LIMIT_S)
    assert shop.end(signal.SIGTERM) == 0
    waits = [json.loads(line) for line in shop.log().splitlines() if '"start_waits"' in line]
    assert all("no Kafka broker answers at" in one["event"] for one in waits)
