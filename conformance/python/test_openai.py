"""OpenAI's client for Python, on models of every family."""

import asyncio
import json
from typing import Literal

import openai
import pytest
from conftest import (
    API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, STOPPING, TEXT, TOKENS, URL, WEATHER,
    cost_of, generation, marked, seen_by_vendor, weir_is_well,
)
from pydantic import BaseModel

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": WEATHER}},
    {"type": "function", "function": {"name": "clock", "description": "The time.", "parameters": CLOCK}},
]


def client_with(key=API_KEY):
    return openai.OpenAI(base_url=f"{URL}/api/v1", api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def client():
    return client_with()


def user(content):
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chat_is_answered_with_usage_and_cost(client, family):
    completion = client.chat.completions.create(model=f"test/{family}", messages=user("Tell me about rivers."))
    assert completion.object == "chat.completion"
    assert completion.model == f"test/{family}"
    [choice] = completion.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", TEXT, "stop")
    assert choice.message.tool_calls is None
    usage = completion.usage
    assert (usage.completion_tokens, usage.total_tokens) == (TOKENS, usage.prompt_tokens + TOKENS)
    assert usage.prompt_tokens > 0
    assert usage.cost == cost_of(usage.prompt_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_says_the_same_and_ends_with_its_usage(client, family):
    stream = client.chat.completions.create(model=f"test/{family}", messages=user("Tell me about rivers."), stream=True)
    chunks = list(stream)
    said = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in said) == TEXT
    assert sum(1 for choice in said if choice.delta.content) > 1, "it came in one piece"
    assert [choice.finish_reason for choice in said if choice.finish_reason] == ["stop"]
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    with_usage = [chunk for chunk in chunks if chunk.usage]
    assert with_usage == chunks[-1:] and chunks[-1].choices == []
    usage = chunks[-1].usage
    assert usage.completion_tokens == TOKENS
    assert usage.cost == cost_of(usage.prompt_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_clients_own_accumulator_folds_the_stream(client, family):
    with client.chat.completions.stream(model=f"test/{family}", messages=user("Tell me about rivers.")) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == TEXT
    assert final.choices[0].message.content == TEXT
    assert final.usage.completion_tokens == TOKENS


@pytest.mark.parametrize("family", FAMILIES)
def test_the_asynchronous_client_chats_and_streams(family):
    async def converse():
        async with openai.AsyncOpenAI(base_url=f"{URL}/api/v1", api_key=API_KEY, max_retries=0, timeout=30) as client:
            ask = {"model": f"test/{family}", "messages": user("Tell me about rivers.")}
            whole = await client.chat.completions.create(**ask)
            stream = await client.chat.completions.create(**ask, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            return whole.choices[0].message.content, "".join(pieces)

    assert asyncio.run(converse()) == (TEXT, TEXT)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_in_every_script_come_back_as_they_went(client, family):
    ask = {"model": f"test/{family}-echo", "messages": user(SCRIPTS)}
    assert client.chat.completions.create(**ask).choices[0].message.content == SCRIPTS
    stream = client.chat.completions.create(**ask, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == SCRIPTS


@pytest.mark.parametrize("family", FAMILIES)
def test_forty_conversations_at_once_do_not_mix(family):
    async def converse(client, words):
        stream = await client.chat.completions.create(
            model=f"test/{family}-echo", messages=user(words), stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    async def all_at_once(prompts):
        async with openai.AsyncOpenAI(base_url=f"{URL}/api/v1", api_key=API_KEY, max_retries=0, timeout=60) as client:
            return await asyncio.gather(*(converse(client, prompt) for prompt in prompts))

    prompts = [marked(f"Conversation {number}.") for number in range(40)]
    assert asyncio.run(all_at_once(prompts)) == prompts


@pytest.mark.parametrize("family", FAMILIES)
def test_a_forced_tool_is_called_with_arguments_that_parse(client, family):
    completion = client.chat.completions.create(
        model=f"test/{family}", messages=user("Weather?"), tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "clock"}},
    )
    [call] = completion.choices[0].message.tool_calls
    assert (call.type, call.function.name, json.loads(call.function.arguments)) == ("function", "clock", {"zone": "text"})
    assert call.id


@pytest.mark.parametrize("family", FAMILIES)
def test_a_required_tool_ends_with_tool_calls(client, family):
    completion = client.chat.completions.create(
        model=f"test/{family}", messages=user("Weather?"), tools=TOOLS, tool_choice="required")
    assert completion.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in completion.choices[0].message.tool_calls] == ["weather"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fragments_of_a_streamed_call_join_to_its_arguments(client, family):
    stream = client.chat.completions.create(
        model=f"test/{family}", messages=user("Weather?"), tools=TOOLS, tool_choice="required", stream=True)
    choices = [chunk.choices[0] for chunk in stream if chunk.choices]
    pieces = [call for choice in choices for call in choice.delta.tool_calls or []]
    assert {piece.index for piece in pieces} == {0}
    assert [piece.function.name for piece in pieces if piece.function.name] == ["weather"]
    assert len([piece.id for piece in pieces if piece.id]) == 1
    assert json.loads("".join(piece.function.arguments or "" for piece in pieces)) == {"city": "text"}
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["tool_calls"]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_tools_are_called_side_by_side(client, family):
    ask = {"model": f"test/{family}-tools", "messages": user("Weather and time?"), "tools": TOOLS}
    whole = client.chat.completions.create(**ask).choices[0].message.tool_calls
    with client.chat.completions.stream(**ask) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls
    for calls in (whole, streamed):
        assert [call.function.name for call in calls] == ["weather", "clock"]
        assert [json.loads(call.function.arguments) for call in calls] == [{"city": "text"}, {"zone": "text"}]
        assert len({call.id for call in calls}) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_tool_found_goes_back_to_the_model(client, family):
    question = user(marked("Weather?"))
    first = client.chat.completions.create(
        model=f"test/{family}-tools", messages=question, tools=TOOLS).choices[0].message
    found = marked("It rains.")
    results = [{"role": "tool", "tool_call_id": call.id, "content": found} for call in first.tool_calls]
    second = client.chat.completions.create(
        model=f"test/{family}", messages=[*question, first.model_dump(exclude_none=True), *results], tools=TOOLS)
    assert second.choices[0].message.content == TEXT
    _, body = seen_by_vendor(found)
    assert json.dumps(body).count(found) == 2
    assert {"weather", "clock"} <= {word.strip('"') for word in json.dumps(body).replace(",", " ").split()}


class Report(BaseModel):
    city: str
    sky: Literal["grey", "blue"]
    days: list[int]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_structured_answer_is_parsed_by_the_clients_helper(client, family):
    completion = client.chat.completions.parse(
        model=f"test/{family}", messages=user("Report."), response_format=Report)
    report = completion.choices[0].message.parsed
    assert (report.city, report.sky) == ("text", "grey")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_by_url_and_one_in_base64_reach_the_vendor(client, family):
    words = marked("What is this?")
    data_url = f"data:image/png;base64,{PNG}"
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in (IMAGE_URL, data_url)]
    completion = client.chat.completions.create(
        model=f"test/{family}", messages=user([{"type": "text", "text": words}, *parts]))
    assert completion.choices[0].message.content == TEXT
    images, body = seen_by_vendor(words)
    assert images == 2
    assert PNG in json.dumps(body) and IMAGE_URL in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_thoughts_are_told_apart_from_the_answer(client, family):
    ask = {"model": f"test/{family}-thinking", "messages": user("Think."), "extra_body": {"reasoning": {"effort": "high", "summary": "auto"}}}
    completion = client.chat.completions.create(**ask)
    message = completion.choices[0].message
    assert message.content == TEXT
    assert "short one" in message.reasoning
    assert "".join(detail.get("text") or detail.get("summary") or "" for detail in message.reasoning_details) == message.reasoning
    assert completion.usage.completion_tokens_details.reasoning_tokens > 0
    deltas = [chunk.choices[0].delta for chunk in client.chat.completions.create(**ask, stream=True) if chunk.choices]
    assert "".join(getattr(delta, "reasoning", None) or "" for delta in deltas) == message.reasoning
    assert "".join(delta.content or "" for delta in deltas) == TEXT


@pytest.mark.parametrize("family", ["anthropic", "gemini"])
def test_a_signed_thought_goes_back_to_its_vendor_with_its_signature(client, family):
    question = user(marked("Think."))
    first = client.chat.completions.create(
        model=f"test/{family}-thinking-tools", messages=question, tools=TOOLS,
        extra_body={"reasoning": {"effort": "high"}},
    ).choices[0].message
    signatures = [detail.get("signature") or detail.get("data") for detail in first.reasoning_details]
    signature = next(filter(None, signatures))
    found = marked("It rains.")
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": found}
    client.chat.completions.create(
        model=f"test/{family}", messages=[*question, first.model_dump(exclude_none=True), result], tools=TOOLS,
        extra_body={"reasoning": {"effort": "high"}},
    )
    _, body = seen_by_vendor(found)
    assert signature in json.dumps(body)


@pytest.mark.parametrize("family", STOPPING)
def test_the_limit_of_tokens_and_stop_words_end_the_answer(client, family):
    ask = {"model": f"test/{family}", "messages": user("Tell me about rivers.")}
    short = client.chat.completions.create(**ask, max_tokens=3).choices[0]
    assert (short.message.content, short.finish_reason) == ("The quick brown", "length")
    stopped = client.chat.completions.create(**ask, stop=[" fox"]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == ("The quick brown", "stop")


@pytest.mark.parametrize("family", FAMILIES)
def test_cached_tokens_are_told_and_cost_less(client, family):
    usage = client.chat.completions.create(model=f"test/{family}-cached", messages=user("Again. " * 40)).usage
    assert usage.prompt_tokens_details.cached_tokens == 40
    assert usage.prompt_tokens > 40
    assert usage.cost == cost_of(usage.prompt_tokens, TOKENS, cached=40)


def test_a_failing_vendor_is_passed_over_without_a_word(client):
    for stream in (False, True):
        answer = client.chat.completions.create(
            model="test/fallback", messages=user("Tell me about rivers."), stream=stream)
        if stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)
        else:
            text = answer.choices[0].message.content
        assert text == TEXT


def test_a_wrong_key_is_an_authentication_error():
    with pytest.raises(openai.AuthenticationError) as raised:
        client_with("sk-or-v1-" + "0" * 64).chat.completions.create(model="test/openai", messages=user("Hello"))
    assert raised.value.status_code == 401


def test_an_unknown_model_is_a_bad_request_that_suggests_the_right_one(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="test/opanai", messages=user("Hello"))
    assert "test/opanai" in str(raised.value) and "test/openai" in str(raised.value)


def test_a_parameter_of_the_wrong_type_is_named(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="test/openai", messages=user("Hello"), temperature="hot")
    assert "temperature" in str(raised.value)
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="test/openai", messages=[{"role": "user", "content": 7}])
    assert "messages[0].content" in str(raised.value) or "messages.0.content" in str(raised.value)


def test_a_spent_limit_is_payment_required():
    with pytest.raises(openai.APIStatusError) as raised:
        client_with(LIMITED_KEY).chat.completions.create(model="test/openai", messages=user("Hello"))
    assert raised.value.status_code == 402


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendor_that_is_down_is_a_server_error(client, family, stream):
    for mood in ("failing", "garbage"):
        with pytest.raises(openai.InternalServerError) as raised:
            client.chat.completions.create(model=f"test/{family}-{mood}", messages=user("Hello"), stream=stream)
        assert raised.value.status_code in (502, 503)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendors_rate_limit_is_passed_on_with_the_time_to_wait(client, family):
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model=f"test/{family}-limited", messages=user("Hello"))
    assert 1 <= int(raised.value.response.headers["retry-after"]) <= 7


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_breaks_off_raises_after_what_was_said(client, family, mood):
    said = ""
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(
                model=f"test/{family}-{mood}", messages=user("Hello"), stream=True):
            said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    assert said and TEXT.startswith(said) and said != TEXT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_closed_by_the_caller_is_recorded_as_cancelled(client, family):
    stream = client.chat.completions.create(model=f"test/{family}-slow", messages=user("Hello"), stream=True)
    chunk = next(chunk for chunk in stream if chunk.choices and chunk.choices[0].delta.content)
    stream.close()
    record = generation(chunk.id, lambda record: record["cancelled"])
    assert record["model"] == f"test/{family}-slow" and record["streamed"] is True
    assert weir_is_well()
    after = client.chat.completions.create(model=f"test/{family}", messages=user("Are you well?"))
    assert after.choices[0].message.content == TEXT


def test_models_are_listed(client):
    ids = {model.id for model in client.models.list()}
    assert {f"test/{family}" for family in FAMILIES} <= ids
