"""Programs that asked Perspective's API are answered in its form."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import faust
import pytest
from aiohttp import ClientSession

from inference.errors import WorkerLost
from inference.messages import UNREADABLE, Answer, Item, Lane
from inference.testing import Asked, FakeInference, fake_row
from streams.config import Settings
from streams.config_sections import PerspectiveSettings, WebSettings
from streams.perspective.sentences import MOST, sentences
from streams.web.access import Access
from streams.web.perspective import PATH, Perspective
from streams.web.server import MAX_BODY_BYTES, WorkerWeb
from streams.web.start import listen
from tests.pages import free_port
from tests.waiting import until

LABELS = ("toxicity", "insult", "threat", "profanity", "spam", "personal_data")
TEXT = "You are a fool. Go away!"
TOKEN = "a-token-of-enough-characters"


class Scorer:
    """The adapter, served."""

    def __init__(self, port: int, session: ClientSession, perspective: Perspective) -> None:
        self._address = f"http://127.0.0.1:{port}{PATH}"
        self._session = session
        self.perspective = perspective

    async def post(self, body: Any, query: str = "", **more: Any) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.post(self._address + query, data=data, **more) as answer:
            return answer.status, await answer.json()

    async def analyze(self, text: str = TEXT, *names: str, **more: Any) -> tuple[int, Any]:
        wanted: dict[str, Any] = {name: {} for name in names or ("TOXICITY",)}
        return await self.post({"comment": {"text": text}, "requestedAttributes": wanted, **more})


@asynccontextmanager
async def serving(
    inference: FakeInference | None,
    settings: PerspectiveSettings | None = None,
    web: WebSettings | None = None,
) -> AsyncIterator[Scorer]:
    async with AsyncExitStack() as stack:
        port = free_port()
        app = faust.App("page", web_host="127.0.0.1", web_bind="127.0.0.1", web_port=port)
        server = WorkerWeb(app)
        server.guard(Access(web or WebSettings()))
        perspective = Perspective(settings or PerspectiveSettings(enabled=True))
        server.add_routes(perspective.routes())
        await listen(server, web or WebSettings(), stack)
        if inference is not None:
            perspective.ask(inference)
        session = await stack.enter_async_context(ClientSession())
        yield Scorer(port, session, perspective)


@pytest.fixture
def inference() -> FakeInference:
    return FakeInference({"moderation": LABELS})


@pytest.fixture
async def scorer(inference: FakeInference) -> AsyncIterator[Scorer]:
    async with serving(inference) as one:
        yield one


def score(inference: FakeInference, label: str, text: str) -> dict[str, Any]:
    row = fake_row(inference.models["moderation"], text)
    return {"value": float(row[LABELS.index(label)]), "type": "PROBABILITY"}


def error_of(answer: Mapping[str, Any]) -> tuple[str, str, str | None]:
    error = answer["error"]
    details = error.get("details", [{}])[0]
    return error["status"], error["message"], details.get("errorType")


# -- scores


async def test_a_comment_gets_the_scores_of_the_model(
    scorer: Scorer, inference: FakeInference
) -> None:
    status, answer = await scorer.analyze(
        TEXT, "TOXICITY", "INSULT", clientToken="t", doNotStore=True
    )
    assert status == 200
    assert answer == {
        "attributeScores": {
            name.upper(): {
                "spanScores": [
                    {"begin": 0, "end": len(TEXT), "score": score(inference, name, TEXT)}
                ],
                "summaryScore": score(inference, name, TEXT),
            }
            for name in ("toxicity", "insult")
        },
        "languages": ["en"],
        "detectedLanguages": ["en"],
        "clientToken": "t",
    }
    (asked,) = inference.asked
    assert asked.lane is Lane.CHAT
    assert asked.within_s == (2.0,)


async def test_sentences_have_scores_of_their_own_where_they_are_asked_for(
    scorer: Scorer, inference: FakeInference
) -> None:
    text = "你是傻瓜。走开！"
    _, answer = await scorer.analyze(text, "THREAT", spanAnnotations=True)
    parts = answer["attributeScores"]["THREAT"]["spanScores"]
    assert [text[one["begin"] : one["end"]] for one in parts] == ["你是傻瓜。", "走开！"]
    assert parts[1]["score"] == score(inference, "threat", "走开！")
    assert answer["attributeScores"]["THREAT"]["summaryScore"] == score(inference, "threat", text)
    assert answer["languages"] == ["zh"]


async def test_scores_under_the_threshold_are_left_out(
    scorer: Scorer, inference: FakeInference
) -> None:
    value = score(inference, "toxicity", TEXT)["value"]
    for threshold, shown in ((value - 0.01, {"TOXICITY"}), (value + 0.01, set())):
        wanted = {"TOXICITY": {"scoreThreshold": threshold, "scoreType": "PROBABILITY"}}
        _, answer = await scorer.post({"comment": {"text": TEXT}, "requestedAttributes": wanted})
        assert set(answer["attributeScores"]) == shown


# -- attributes and languages that there are not


async def test_an_attribute_without_a_model_is_refused_as_there(scorer: Scorer) -> None:
    status, answer = await scorer.analyze(TEXT, "TOXICITY", "SEVERE_TOXICITY")
    assert status == 400
    assert answer["error"]["code"] == 400
    assert error_of(answer) == (
        "INVALID_ARGUMENT",
        "Attribute SEVERE_TOXICITY does not support request languages: en",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
    )
    assert answer["error"]["details"][0]["languageNotSupportedByAttributeError"] == {
        "detectedLanguages": ["en"],
        "attribute": "SEVERE_TOXICITY",
    }


async def test_it_is_dropped_where_the_request_says_so(scorer: Scorer) -> None:
    status, answer = await scorer.analyze(
        TEXT, "TOXICITY", "SEVERE_TOXICITY", dropUnsupportedAttributes=True
    )
    assert status == 200
    assert set(answer["attributeScores"]) == {"TOXICITY"}


async def test_a_language_without_a_model_is_refused(scorer: Scorer) -> None:
    status, answer = await scorer.analyze("Ты дурак", languages=["ru"])
    assert status == 400
    assert error_of(answer)[2] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    details = answer["error"]["details"][0]["languageNotSupportedByAttributeError"]
    assert details == {"requestedLanguages": ["ru"], "attribute": "TOXICITY"}
    _, answer = await scorer.analyze("Ты дурак")
    assert error_of(answer)[1:] == ("Unable to detect language", "LANGUAGE_DETECTION_FAILED")
    status, answer = await scorer.analyze(languages=["zh-Hant", "en-GB"])
    assert (status, answer["languages"]) == (200, ["zh-Hant", "en-GB"])


# -- requests that are wrong


@pytest.mark.parametrize(
    ("body", "message", "kind"),
    [
        (b"{", "Invalid JSON payload received", "INVALID_REQUEST"),
        (b"[]", "Invalid JSON payload received", "INVALID_REQUEST"),
        ({"comment": {"text": " \n"}}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({"comment": {"text": "好" * 6827}}, "Comment text too long.", "COMMENT_TOO_LONG"),
        ({"comment": {"text": TEXT}}, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES"),
        (
            {"comment": {"text": TEXT}, "requestedAttributes": {"NICENESS": {}}},
            "Unknown requested attribute: NICENESS",
            "INVALID_REQUEST",
        ),
        (
            {"comment": {"text": TEXT, "type": "HTML"}, "requestedAttributes": {"TOXICITY": {}}},
            "Currently, only 'PLAIN_TEXT' comments are supported",
            "INVALID_REQUEST",
        ),
        (
            {
                "comment": {"text": TEXT},
                "requestedAttributes": {"TOXICITY": {"scoreType": "STD_DEV_SCORE"}},
            },
            "Requested score type STD_DEV_SCORE is not supported by attribute TOXICITY",
            "INVALID_REQUEST",
        ),
        (
            {"comment": {"text": TEXT, "texts": []}},
            'Unknown name "texts" at "comment": Cannot find field.',
            "INVALID_REQUEST",
        ),
        (
            {
                "comment": {"text": TEXT},
                "requestedAttributes": {"TOXICITY": {}},
                "context": {"entries": [{"text": "a"}], "articleAndParentComment": {"article": {}}},
            },
            "but both fields were populated.",
            "INVALID_REQUEST",
        ),
    ],
)
async def test_a_wrong_request_is_told_why(
    scorer: Scorer, inference: FakeInference, body: Any, message: str, kind: str
) -> None:
    status, answer = await scorer.post(body)
    assert status == 400
    assert message in answer["error"]["message"]
    assert (answer["error"]["status"], error_of(answer)[2]) == ("INVALID_ARGUMENT", kind)
    assert not inference.asked


async def test_a_huge_body_is_not_read(scorer: Scorer) -> None:
    status, answer = await scorer.post(b'{"comment":"' + b"x" * MAX_BODY_BYTES + b'"}')
    assert (status, error_of(answer)[2]) == (400, "COMMENT_TOO_LONG")


# -- models that do not answer


async def test_what_the_model_cannot_read_has_no_language() -> None:
    class Unreading(FakeInference):
        async def answer(self, asked: Asked) -> Answer:
            unread = [place for place, item in enumerate(asked.items) if item[0] in "🙂?"]
            return replace(await super().answer(asked), errors=dict.fromkeys(unread, UNREADABLE))

    async with serving(Unreading({"moderation": LABELS})) as scorer:
        status, answer = await scorer.analyze("🙂🙂")
        assert (status, error_of(answer)[2]) == (400, "LANGUAGE_DETECTION_FAILED")
        _, answer = await scorer.analyze("Go away! ??!", spanAnnotations=True)
        spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
        assert [(one["begin"], one["end"]) for one in spans] == [(0, 8)]


async def test_a_model_that_fails_or_is_not_there_is_unavailable(inference: FakeInference) -> None:
    def is_poison(item: Item) -> bool:
        return item == "poison"

    failing = FakeInference(
        {"moderation": LABELS}, is_poison=is_poison, failures=[WorkerLost("gone")]
    )
    async with serving(None) as scorer:
        status, answer = await scorer.analyze()
        assert (status, answer["error"]["status"]) == (503, "UNAVAILABLE")
        for one in (FakeInference({"sentiment": ("a", "b")}), failing):
            scorer.perspective.ask(one)
            status, answer = await scorer.analyze()
            assert (status, answer["error"]["status"]) == (503, "UNAVAILABLE")
        status, answer = await scorer.analyze("poison")
        assert (status, answer["error"]["status"]) == (503, "UNAVAILABLE")
        assert "poison" not in answer["error"]["message"]
        assert (await scorer.analyze())[0] == 200


async def test_too_many_at_once_are_refused(inference: FakeInference) -> None:
    settings = PerspectiveSettings(enabled=True, requests_at_once=1)
    async with serving(inference, settings) as scorer:
        inference.gate.clear()
        first = asyncio.create_task(scorer.analyze())
        await until(lambda: inference.asked)
        status, answer = await scorer.analyze()
        assert (status, answer["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
        inference.gate.set()
        assert (await first)[0] == 200


async def test_a_deadline_that_passes_is_said() -> None:
    class Late(FakeInference):
        async def answer(self, asked: Asked) -> Answer:
            return await super().answer(replace(asked, within_s=(0.0,) * len(asked.items)))

    async with serving(Late({"moderation": LABELS})) as scorer:
        status, answer = await scorer.analyze()
    assert (status, answer["error"]["status"]) == (504, "DEADLINE_EXCEEDED")


def test_the_model_is_loaded_for_it_alone() -> None:
    assert "moderation" not in Settings().models_in_use()
    settings = Settings(perspective=PerspectiveSettings(enabled=True))
    assert "moderation" in settings.models_in_use()


# -- who may ask


async def test_beyond_loopback_the_key_is_the_token(
    inference: FakeInference, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    web = WebSettings(host="192.0.2.1", token_file=tmp_path / "token")
    body = {"comment": {"text": TEXT}, "requestedAttributes": {"TOXICITY": {}}}
    async with serving(inference, web=web) as scorer:
        status, answer = await scorer.post(body, "?key=wrong")
        assert (status, answer["error"]["status"]) == (401, "UNAUTHENTICATED")
        assert (await scorer.post(body, f"?key={TOKEN}"))[0] == 200
        for header in ({"X-Goog-Api-Key": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}):
            assert (await scorer.post(body, headers=header))[0] == 200


async def test_a_page_of_another_site_may_not(scorer: Scorer) -> None:
    body = {"comment": {"text": TEXT}, "requestedAttributes": {"TOXICITY": {}}}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        status, answer = await scorer.post(body, headers=headers)
        assert (status, answer["error"]["status"]) == (403, "PERMISSION_DENIED")


# -- sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It is 3.5 kg", ["It is 3.5 kg"]),
        ("好。“坏！”他说。", ["好。", "“坏！”", "他说。"]),
        (" a line\n\nanother ", ["a line", "another"]),
        ("...", ["..."]),
    ],
)
def test_sentences_are_found(text: str, parts: list[str]) -> None:
    assert [text[begin:end] for begin, end in sentences(text)] == parts


def test_a_text_has_so_many_at_most() -> None:
    text = "a. " * 500
    found = sentences(text)
    assert len(found) == MOST
    assert found[-1][1] == len(text) - 1


@pytest.mark.parametrize("text", ["." * 200_000 + "x", '."' * 100_000 + "x", "\n" * 200_000])
def test_the_time_is_proportional_to_the_length(text: str) -> None:
    """Ten times the text may take no more than some twenty times the time."""
    short, long = (min(_processor_time(text[-size:]) for _ in range(3)) for size in (2_000, 20_000))
    assert long < 20 * short + 0.1
    assert _processor_time(text) < 20 * long + 0.1


def _processor_time(text: str) -> float:
    start = time.process_time()
    sentences(text)
    return time.process_time() - start
