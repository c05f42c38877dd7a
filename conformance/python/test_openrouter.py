"""OpenRouter's own client for Python, which validates every answer against OpenRouter's description."""

import json

import pytest
from conftest import (
    API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, MANAGEMENT_KEY, PNG, TEXT, TOKENS, URL, WEATHER, cost_of,
    generation, marked, seen_by_vendor, weir_is_well,
)
from openrouter import OpenRouter, errors

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": WEATHER}},
    {"type": "function", "function": {"name": "clock", "description": "The time.", "parameters": CLOCK}},
]


def client_with(key=API_KEY):
    # Without its default of retrying server errors for an hour.
    return OpenRouter(api_key=key, server_url=f"{URL}/api/v1", retry_config=None, timeout_ms=30_000)


@pytest.fixture(scope="module")
def client():
    return client_with()


@pytest.fixture(scope="module")
def management():
    return client_with(MANAGEMENT_KEY)


def ask(model, content="Tell me about rivers.", **more):
    return {"model": f"test/{model}", "messages": [{"role": "user", "content": content}], **more}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chat_is_answered_with_usage_and_cost(client, family):
    result = client.chat.send(**ask(family))
    [choice] = result.choices
    assert (choice.message.content, choice.finish_reason, result.model) == (TEXT, "stop", f"test/{family}")
    assert result.usage.completion_tokens == TOKENS
    assert result.usage.cost == cost_of(result.usage.prompt_tokens, TOKENS)
    assert result.usage.is_byok is False


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_says_the_same_and_ends_with_its_usage(client, family):
    with client.chat.send(**ask(family), stream=True) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert [reason for reason in reasons if reason] == ["stop"]
    assert [chunk for chunk in chunks if chunk.usage] == chunks[-1:]
    usage = chunks[-1].usage
    assert usage.cost == cost_of(usage.prompt_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_tools_are_called_side_by_side(client, family):
    [choice] = client.chat.send(**ask(f"{family}-tools", tools=TOOLS)).choices
    assert choice.finish_reason == "tool_calls"
    assert [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls] == [
        ("weather", {"city": "text"}), ("clock", {"zone": "text"})]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fragments_of_a_streamed_call_join_to_its_arguments(client, family):
    forced = {"type": "function", "function": {"name": "clock"}}
    with client.chat.send(**ask(family, tools=TOOLS, tool_choice=forced), stream=True) as stream:
        pieces = [
            call for chunk in stream if chunk.choices for call in chunk.choices[0].delta.tool_calls or []]
    assert [piece.function.name for piece in pieces if piece.function.name] == ["clock"]
    assert json.loads("".join(piece.function.arguments or "" for piece in pieces)) == {"zone": "text"}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_tool_found_goes_back_to_the_model(client, family):
    question = ask(f"{family}-tools", marked("Weather?"), tools=TOOLS)
    first = client.chat.send(**question).choices[0].message
    found = marked("It rains.")
    results = [{"role": "tool", "tool_call_id": call.id, "content": found} for call in first.tool_calls]
    second = client.chat.send(**{**question, "model": f"test/{family}",
                                 "messages": [*question["messages"], first, *results]})
    assert second.choices[0].message.content == TEXT
    _, body = seen_by_vendor(found)
    assert json.dumps(body).count(found) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_structured_answer_fits_its_schema(client, family):
    schema = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": WEATHER}}
    result = client.chat.send(**ask(family, response_format=schema))
    assert json.loads(result.choices[0].message.content) == {"city": "text"}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_by_url_and_one_in_base64_reach_the_vendor(client, family):
    words = marked("What is this?")
    urls = (IMAGE_URL, f"data:image/png;base64,{PNG}")
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    result = client.chat.send(**ask(family, [{"type": "text", "text": words}, *parts]))
    assert result.choices[0].message.content == TEXT
    images, body = seen_by_vendor(words)
    assert images == 2 and PNG in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_thoughts_are_told_apart_and_their_details_validate(client, family):
    question = ask(f"{family}-thinking", reasoning={"effort": "high", "summary": "auto"})
    result = client.chat.send(**question)
    message = result.choices[0].message
    assert message.content == TEXT and "short one" in message.reasoning
    assert message.reasoning_details
    assert result.usage.completion_tokens_details.reasoning_tokens > 0
    with client.chat.send(**question, stream=True) as stream:
        deltas = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(delta.reasoning or "" for delta in deltas) == message.reasoning
    assert any(delta.reasoning_details for delta in deltas)


def test_a_signed_thought_goes_back_to_its_vendor_as_it_came(client):
    question = ask("anthropic-thinking-tools", marked("Think."), tools=TOOLS, reasoning={"effort": "high"})
    first = client.chat.send(**question).choices[0].message
    [signature] = [detail.signature for detail in first.reasoning_details if detail.signature]
    found = marked("It rains.")
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": found}
    client.chat.send(**{**question, "model": "test/anthropic", "messages": [*question["messages"], first, result]})
    _, body = seen_by_vendor(found)
    assert signature in json.dumps(body)


def test_a_wrong_key_is_unauthorized():
    with pytest.raises(errors.UnauthorizedResponseError) as raised:
        client_with("sk-or-v1-" + "0" * 64).chat.send(**ask("openai"))
    assert raised.value.status_code == 401


def test_an_unknown_model_is_a_bad_request_that_suggests_the_right_one(client):
    with pytest.raises(errors.BadRequestResponseError) as raised:
        client.chat.send(**ask("opanai"))
    assert "test/openai" in raised.value.data.error.message


def test_a_spent_limit_is_payment_required():
    with pytest.raises(errors.PaymentRequiredResponseError) as raised:
        client_with(LIMITED_KEY).chat.send(**ask("openai"))
    assert raised.value.data.error.code == 402


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendor_that_is_down_is_a_typed_error(client, family, stream):
    for mood in ("failing", "garbage"):
        with pytest.raises((errors.BadGatewayResponseError, errors.ServiceUnavailableResponseError)):
            client.chat.send(**ask(f"{family}-{mood}"), stream=stream)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendors_rate_limit_is_a_typed_error(client, family):
    with pytest.raises(errors.TooManyRequestsResponseError) as raised:
        client.chat.send(**ask(f"{family}-limited"))
    assert 1 <= int(raised.value.headers["retry-after"]) <= 7


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_breaks_off_ends_with_a_chunk_that_says_why(client, family, mood):
    with client.chat.send(**ask(f"{family}-{mood}"), stream=True) as stream:
        chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said and TEXT.startswith(said) and said != TEXT
    [broken] = [chunk for chunk in chunks if chunk.error]
    assert broken.choices[0].finish_reason == "error"
    assert broken.error.code >= 500 and broken.error.message and broken.error.metadata.error_type


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_closed_by_the_caller_is_recorded_as_cancelled(client, family):
    with client.chat.send(**ask(f"{family}-slow"), stream=True) as stream:
        chunk = next(chunk for chunk in stream if chunk.choices and chunk.choices[0].delta.content)
    generation(chunk.id, lambda record: record["cancelled"])
    record = client.generations.get_generation(id=chunk.id).data
    assert (record.cancelled, record.streamed, record.model) == (True, True, f"test/{family}-slow")
    assert weir_is_well()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generation_is_found_by_its_id(client, family):
    result = client.chat.send(**ask(family))
    generation(result.id)
    record = client.generations.get_generation(id=result.id).data
    assert (record.id, record.model, record.finish_reason) == (result.id, f"test/{family}", "stop")
    assert (record.tokens_prompt, record.tokens_completion) == (result.usage.prompt_tokens, TOKENS)
    assert record.total_cost == pytest.approx(result.usage.cost, rel=1e-9)
    assert record.provider_name == f"Lab {family}"
    assert (record.cancelled, record.streamed) in [(False, False), (None, False)]


def test_an_unknown_generation_is_not_found(client):
    with pytest.raises(errors.NotFoundResponseError):
        client.generations.get_generation(id="gen-0000000000-nosuchgeneration00")


def test_all_models_validate(client):
    listed = client.models.list()
    models = {model.id: model for model in listed.result.data}
    assert {f"test/{family}" for family in FAMILIES} <= models.keys()
    assert float(models["test/gemini"].pricing.prompt) == 0.000001
    assert models["test/gemini"].context_length == 128_000


def test_models_are_counted(client):
    assert client.models.count().data.count >= len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_and_its_endpoints_validate(client, family):
    model = client.models.get(author="test", slug=family).data
    assert model.id == f"test/{family}"
    assert "tools" in model.supported_parameters
    endpoints = client.endpoints.list(author="test", slug=family).data
    assert endpoints.id == f"test/{family}"
    [endpoint] = endpoints.endpoints
    assert endpoint.provider_name == f"Lab {family}"
    assert float(endpoint.pricing.completion) == 0.000002


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(errors.NotFoundResponseError):
        client.models.get(author="test", slug="nosuchmodel")


def test_providers_validate(client):
    names = {provider.name for provider in client.providers.list().data}
    assert {f"Lab {family}" for family in FAMILIES} <= names


def test_a_key_tells_of_itself():
    data = client_with(LIMITED_KEY).api_keys.get_current_key_metadata().data
    assert data.limit == pytest.approx(0.000001)
    assert data.limit_remaining <= data.limit


def test_a_key_is_made_used_changed_and_deleted(client, management):
    made = management.api_keys.create(name="Made by a test", limit=5)
    assert made.key.startswith("sk-or-v1-")
    key_hash = made.data.hash
    assert (made.data.name, made.data.limit, made.data.disabled) == ("Made by a test", 5, False)
    theirs = client_with(made.key)
    assert theirs.chat.send(**ask("openai")).choices[0].message.content == TEXT
    assert key_hash in {key.hash for key in management.api_keys.list().data}
    assert management.api_keys.get(hash=key_hash).data.name == "Made by a test"

    changed = management.api_keys.update(hash=key_hash, name="Changed", disabled=True, limit=7)
    assert (changed.data.name, changed.data.disabled, changed.data.limit) == ("Changed", True, 7)
    with pytest.raises(errors.UnauthorizedResponseError):
        theirs.chat.send(**ask("openai"))
    management.api_keys.update(hash=key_hash, disabled=False)
    assert theirs.chat.send(**ask("openai")).choices[0].message.content == TEXT

    management.api_keys.delete(hash=key_hash)
    with pytest.raises(errors.UnauthorizedResponseError):
        theirs.chat.send(**ask("openai"))
    with pytest.raises(errors.NotFoundResponseError):
        management.api_keys.get(hash=key_hash)


def test_keys_are_none_of_an_ordinary_keys_business(client):
    with pytest.raises(errors.OpenRouterError) as raised:
        client.api_keys.list()
    assert raised.value.status_code in (401, 403)
    with pytest.raises(errors.OpenRouterError) as raised:
        client.api_keys.create(name="No")
    assert raised.value.status_code in (401, 403)


def test_a_management_key_is_for_managing_only(management):
    with pytest.raises(errors.OpenRouterError) as raised:
        management.chat.send(**ask("openai"))
    assert raised.value.status_code in (401, 403)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_response_is_given_whole_and_streamed(client, family):
    question = {"model": f"test/{family}", "input": "Tell me about rivers."}
    whole = client.responses.send(**question)
    with client.responses.send(**question, stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == TEXT
    assert events[-1].type == "response.completed"
    for response in (whole, events[-1].response):
        assert (response.status, response.model) == ("completed", f"test/{family}")
        [item] = response.output
        assert [part.text for part in item.content] == [TEXT]
        assert response.usage.cost == cost_of(response.usage.input_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_response_calls_tools_side_by_side(client, family):
    tools = [{"type": "function", **tool["function"]} for tool in TOOLS]
    question = {"model": f"test/{family}-tools", "input": "Both?", "tools": tools}
    whole = client.responses.send(**question).output
    with client.responses.send(**question, stream=True) as stream:
        streamed = list(stream)[-1].response.output
    for output in (whole, streamed):
        calls = [(item.name, json.loads(item.arguments)) for item in output if item.type == "function_call"]
        assert calls == [("weather", {"city": "text"}), ("clock", {"zone": "text"})]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_response_that_fails_is_an_error_of_the_client(client, family):
    with pytest.raises(errors.TooManyRequestsResponseError):
        client.responses.send(model=f"test/{family}-limited", input="Hello")
    with pytest.raises(errors.BadRequestResponseError):
        client.responses.send(model="test/opanai", input="Hello")
