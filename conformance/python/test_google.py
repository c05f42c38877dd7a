"""Google's client for Python, on models of every family."""

import asyncio
import base64
import json
from typing import Literal

import pytest
from conftest import (
    API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, STOPPING, TEXT, TOKENS, UNKNOWN_KEY, URL, WEATHER, generation,
    marked, seen_by_vendor, weir_is_well,
)
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

TOOLS = [types.Tool(function_declarations=[
    types.FunctionDeclaration(name="weather", description="The weather.", parameters_json_schema=WEATHER),
    types.FunctionDeclaration(name="clock", description="The time.", parameters_json_schema=CLOCK),
])]


def client_with(key=API_KEY, base_url=URL, **more):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base_url, timeout=30_000, **more))


@pytest.fixture(scope="module")
def client():
    return client_with()


def config(**more):
    # Its own loop over tools would call them here; what the model says is looked at instead.
    return types.GenerateContentConfig(
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True), **more)


def ask(model, contents="Tell me about rivers.", **more):
    return {"model": f"test/{model}", "contents": contents, "config": config(**more)}


def forced(*names):
    calling = types.FunctionCallingConfig(mode="ANY", allowed_function_names=names or None)
    return {"tools": TOOLS, "tool_config": types.ToolConfig(function_calling_config=calling)}


def calls_of(answer):
    return [(call.name, call.args) for call in answer.function_calls or []]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_question_is_answered_with_its_counts(client, family):
    answer = client.models.generate_content(**ask(family))
    [candidate] = answer.candidates
    assert (answer.text, candidate.finish_reason) == (TEXT, types.FinishReason.STOP)
    assert (candidate.content.role, answer.model_version) == ("model", f"test/{family}")
    usage = answer.usage_metadata
    assert usage.prompt_token_count > 0 and usage.candidates_token_count == TOKENS
    assert usage.total_token_count == usage.prompt_token_count + TOKENS


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_says_the_same_and_ends_with_its_counts(client, family):
    chunks = list(client.models.generate_content_stream(**ask(family)))
    pieces = [chunk.text for chunk in chunks if chunk.text]
    assert "".join(pieces) == TEXT and len(pieces) > 1
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates]
    assert [reason for reason in reasons if reason] == [types.FinishReason.STOP]
    assert chunks[-1].usage_metadata.candidates_token_count == TOKENS


@pytest.mark.parametrize("base_url", [URL, f"{URL}/", f"{URL}/api"])
@pytest.mark.parametrize("api_version", ["v1", "v1beta"])
def test_every_address_that_the_client_makes_is_served(base_url, api_version):
    client = client_with(base_url=base_url, api_version=api_version)
    for model in ("test/openai", "models/test/openai", "openai"):
        assert client.models.generate_content(model=model, contents="Hello").text == TEXT
        stream = client.models.generate_content_stream(model=model, contents="Hello")
        assert "".join(chunk.text or "" for chunk in stream) == TEXT
        assert client.models.count_tokens(model=model, contents="Hello").total_tokens > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_asynchronous_client_answers_and_streams(family):
    async def converse():
        client = client_with().aio
        whole = await client.models.generate_content(**ask(family))
        stream = await client.models.generate_content_stream(**ask(family))
        pieces = [chunk.text or "" async for chunk in stream]
        await client.aclose()
        return whole.text, "".join(pieces)

    assert asyncio.run(converse()) == (TEXT, TEXT)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_in_every_script_come_back_as_they_went(client, family):
    assert client.models.generate_content(**ask(f"{family}-echo", SCRIPTS)).text == SCRIPTS
    stream = client.models.generate_content_stream(**ask(f"{family}-echo", SCRIPTS))
    assert "".join(chunk.text or "" for chunk in stream) == SCRIPTS


@pytest.mark.parametrize("family", FAMILIES)
def test_a_conversation_of_the_clients_own_remembers_what_was_said(client, family):
    first, second = marked(), marked()
    chat = client.chats.create(model=f"test/{family}", config=config(system_instruction=marked("Be brief.")))
    assert chat.send_message(first).text == TEXT
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream(second)) == TEXT
    _, body = seen_by_vendor(second)
    said = json.dumps(body)
    assert said.index("Be brief.") < said.index(first) < said.index(TEXT) < said.index(second)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_forced_tool_is_called(client, family):
    answer = client.models.generate_content(**ask(family, "Time?", **forced("clock")))
    assert calls_of(answer) == [("clock", {"zone": "text"})]
    answer = client.models.generate_content(**ask(family, "Weather?", **forced()))
    assert calls_of(answer) == [("weather", {"city": "text"})]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_tools_are_called_side_by_side_whole_and_streamed(client, family):
    question = ask(f"{family}-tools", "Both?", tools=TOOLS)
    whole = calls_of(client.models.generate_content(**question))
    chunks = client.models.generate_content_stream(**question)
    streamed = [call for chunk in chunks for call in calls_of(chunk)]
    assert whole == streamed == [("weather", {"city": "text"}), ("clock", {"zone": "text"})]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_tool_found_goes_back_to_the_model(client, family):
    words, found = marked("Weather?"), marked("It rains.")
    first = client.models.generate_content(**ask(f"{family}-tools", words, tools=TOOLS))
    parts = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": found}))
        for call in first.function_calls
    ]
    history = [types.UserContent(words), first.candidates[0].content, types.Content(role="user", parts=parts)]
    assert client.models.generate_content(**ask(family, history, tools=TOOLS)).text == TEXT
    _, body = seen_by_vendor(found)
    assert json.dumps(body).count(found) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_the_clients_own_loop_calls_python_functions(client, family):
    cities = []

    def weather(city: str) -> str:
        """The weather."""
        cities.append(city)
        return "It rains."

    calling = types.FunctionCallingConfig(mode="ANY")
    looped = types.GenerateContentConfig(
        tools=[weather], tool_config=types.ToolConfig(function_calling_config=calling),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(maximum_remote_calls=2),
    )
    answer = client.models.generate_content(model=f"test/{family}", contents="Weather?", config=looped)
    # Forced to a tool each time, the model calls it until the client has had enough.
    assert cities and set(cities) == {"text"}
    assert len(answer.automatic_function_calling_history) >= 3


class Report(BaseModel):
    city: str
    sky: Literal["grey", "blue"]
    days: list[int]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_structured_answer_is_parsed_by_the_client(client, family):
    answer = client.models.generate_content(
        **ask(family, "Report.", response_mime_type="application/json", response_schema=Report))
    assert (answer.parsed.city, answer.parsed.sky) == ("text", "grey")
    schema = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"],
              "additionalProperties": False}
    answer = client.models.generate_content(
        **ask(family, "Report.", response_mime_type="application/json", response_json_schema=schema))
    assert json.loads(answer.text) == {"zone": "text"}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_by_address_and_one_in_bytes_reach_the_vendor(client, family):
    words = marked("What is this?")
    parts = [
        words, types.Part.from_uri(file_uri=IMAGE_URL, mime_type="image/png"),
        types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png"),
    ]
    assert client.models.generate_content(**ask(family, parts)).text == TEXT
    images, body = seen_by_vendor(words)
    assert images == 2
    assert PNG in json.dumps(body) and IMAGE_URL in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_thoughts_are_parts_of_their_own(client, family):
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
    question = ask(f"{family}-thinking", "Think.", thinking_config=thinking)
    whole = client.models.generate_content(**question)
    parts = whole.candidates[0].content.parts
    assert "short one" in "".join(part.text for part in parts if part.thought)
    assert "".join(part.text for part in parts if part.text and not part.thought) == TEXT
    assert whole.usage_metadata.thoughts_token_count > 0
    streamed = [
        part for chunk in client.models.generate_content_stream(**question) if chunk.candidates
        for part in (chunk.candidates[0].content and chunk.candidates[0].content.parts) or []
    ]
    for thought in (True, False):
        def said(parts):
            return "".join(part.text for part in parts if part.text and bool(part.thought) == thought)
        assert said(streamed) == said(parts)


def test_a_signature_goes_back_to_its_vendor_as_it_came(client):
    words, found = marked("Think."), marked("It rains.")
    thinking = types.ThinkingConfig(include_thoughts=True)
    chunks = client.models.generate_content_stream(
        **ask("gemini-thinking-tools", words, tools=TOOLS, thinking_config=thinking))
    parts = [
        part for chunk in chunks if chunk.candidates
        for part in (chunk.candidates[0].content and chunk.candidates[0].content.parts) or []
    ]
    signatures = [part.thought_signature for part in parts if part.thought_signature]
    [call] = [part.function_call for part in parts if part.function_call]
    assert signatures
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": found})
    history = [
        types.UserContent(words), types.Content(role="model", parts=parts),
        types.Content(role="user", parts=[types.Part(function_response=response)]),
    ]
    client.models.generate_content(**ask("gemini", history, tools=TOOLS, thinking_config=thinking))
    _, body = seen_by_vendor(found)
    for signature in signatures:
        assert base64.b64encode(signature).decode() in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_limit_of_tokens_and_stop_words_end_the_answer(client, family):
    short = client.models.generate_content(**ask(family, max_output_tokens=3))
    assert (short.text, short.candidates[0].finish_reason) == ("The quick brown", types.FinishReason.MAX_TOKENS)
    if family not in STOPPING:
        return
    stopped = client.models.generate_content(**ask(family, stop_sequences=[" fox"]))
    assert (stopped.text, stopped.candidates[0].finish_reason) == ("The quick brown", types.FinishReason.STOP)


@pytest.mark.parametrize("family", FAMILIES)
def test_cached_tokens_are_told(client, family):
    usage = client.models.generate_content(**ask(f"{family}-cached", "Again. " * 40)).usage_metadata
    assert usage.cached_content_token_count == 40 and usage.prompt_token_count > 40


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokens_of_a_prompt_are_counted_without_an_answer(client, family):
    def count(words):
        return client.models.count_tokens(model=f"test/{family}", contents=words).total_tokens

    assert 0 < count("Tell me about rivers.") < count("Tell me about rivers. " * 20)


def test_a_wrong_key_is_an_authentication_error():
    client = client_with(UNKNOWN_KEY)
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(**ask("openai"))
    assert (raised.value.code, raised.value.status) == (401, "UNAUTHENTICATED")


def test_an_unknown_model_is_a_bad_request_that_suggests_the_right_one(client):
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(**ask("opanai"))
    assert (raised.value.code, raised.value.status) == (400, "INVALID_ARGUMENT")
    assert "test/opanai" in raised.value.message and "test/openai" in raised.value.message
    with pytest.raises(errors.ClientError):
        list(client.models.generate_content_stream(**ask("opanai")))


def test_a_spent_limit_is_payment_required():
    client = client_with(LIMITED_KEY)
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(**ask("openai"))
    assert raised.value.code == 402


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendor_that_is_down_is_a_server_error(client, family, stream):
    for mood in ("failing", "garbage"):
        with pytest.raises(errors.ServerError) as raised:
            if stream:
                list(client.models.generate_content_stream(**ask(f"{family}-{mood}")))
            else:
                client.models.generate_content(**ask(f"{family}-{mood}"))
        assert (raised.value.code, raised.value.status) in [(502, "UNAVAILABLE"), (503, "UNAVAILABLE")]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendors_rate_limit_is_passed_on(client, family):
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(**ask(f"{family}-limited"))
    assert (raised.value.code, raised.value.status) == (429, "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_breaks_off_raises_after_what_was_said(client, family, mood):
    said = ""
    with pytest.raises(errors.APIError):
        for chunk in client.models.generate_content_stream(**ask(f"{family}-{mood}")):
            said += chunk.text or ""
    assert said and TEXT.startswith(said) and said != TEXT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_left_by_the_caller_is_recorded_as_cancelled(client, family):
    stream = client.models.generate_content_stream(**ask(f"{family}-slow"))
    chunk = next(chunk for chunk in stream if chunk.text)
    generation_id = chunk.sdk_http_response.headers["x-generation-id"]
    stream.close()
    record = generation(generation_id, lambda record: record["cancelled"])
    assert record["model"] == f"test/{family}-slow"
    assert weir_is_well()
    assert client.models.generate_content(**ask(family)).text == TEXT
