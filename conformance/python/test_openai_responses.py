"""OpenAI's client for Python, its Responses and its legacy Completions, on models of every family."""

import asyncio
import json
from typing import Literal

import openai
import pytest
from conftest import (
    API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, STOPPING, TEXT, TOKENS, UNKNOWN_KEY, URL, WEATHER,
    cost_of, generation, marked, seen_by_vendor, weir_is_well,
)
from pydantic import BaseModel

TOOLS = [
    {"type": "function", "name": "weather", "description": "The weather.", "parameters": WEATHER, "strict": True},
    {"type": "function", "name": "clock", "description": "The time.", "parameters": CLOCK, "strict": True},
]


def client_with(key=API_KEY):
    return openai.OpenAI(base_url=f"{URL}/api/v1", api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def client():
    return client_with()


def ask(model, words="Tell me about rivers.", **more):
    return {"model": f"test/{model}", "input": words, **more}


def items(response, kind):
    return [item for item in response.output if item.type == kind]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_response_is_given_with_usage_and_cost(client, family):
    response = client.responses.create(**ask(family, instructions="Be brief.", metadata={"team": "blue"}))
    assert (response.object, response.status, response.model) == ("response", "completed", f"test/{family}")
    assert response.output_text == TEXT and response.error is None
    assert (response.instructions, response.metadata) == ("Be brief.", {"team": "blue"})
    usage = response.usage
    assert (usage.output_tokens, usage.total_tokens) == (TOKENS, usage.input_tokens + TOKENS)
    assert usage.cost == cost_of(usage.input_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_events_of_a_stream_are_numbered_and_end_with_the_whole(client, family):
    events = list(client.responses.create(**ask(family), stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]
    assert kinds[-4:] == [
        "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert set(kinds[4:-4]) == {"response.output_text.delta"} and len(deltas) > 1
    assert "".join(deltas) == events[-1].response.output_text == TEXT
    assert len({event.response.id for event in events if hasattr(event, "response")}) == 1
    usage = events[-1].response.usage
    assert usage.cost == cost_of(usage.input_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_clients_own_accumulator_folds_the_stream(client, family):
    with client.responses.stream(**ask(family)) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(pieces) == final.output_text == TEXT
    assert final.usage.output_tokens == TOKENS


@pytest.mark.parametrize("family", FAMILIES)
def test_the_asynchronous_client_responds_and_streams(family):
    async def converse():
        async with openai.AsyncOpenAI(base_url=f"{URL}/v1", api_key=API_KEY, max_retries=0, timeout=30) as client:
            whole = await client.responses.create(**ask(family))
            stream = await client.responses.create(**ask(family), stream=True)
            pieces = [event.delta async for event in stream if event.type == "response.output_text.delta"]
            return whole.output_text, "".join(pieces)

    assert asyncio.run(converse()) == (TEXT, TEXT)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_in_every_script_come_back_as_they_went(client, family):
    assert client.responses.create(**ask(f"{family}-echo", SCRIPTS)).output_text == SCRIPTS
    with client.responses.stream(**ask(f"{family}-echo", SCRIPTS)) as stream:
        assert stream.get_final_response().output_text == SCRIPTS


@pytest.mark.parametrize("family", FAMILIES)
def test_a_conversation_goes_on_from_the_output_of_the_last_answer(client, family):
    words, more = marked(), marked()
    first = client.responses.create(**ask(family, [{"role": "user", "content": words}]))
    history = [{"role": "user", "content": words}, *first.output, {"role": "user", "content": more}]
    assert client.responses.create(**ask(family, history)).output_text == TEXT
    _, body = seen_by_vendor(more)
    said = json.dumps(body)
    assert said.index(words) < said.index(TEXT) < said.index(more)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_forced_tool_is_called_with_arguments_that_parse(client, family):
    response = client.responses.create(
        **ask(family, tools=TOOLS, tool_choice={"type": "function", "name": "clock"}))
    [call] = items(response, "function_call")
    assert (call.name, json.loads(call.arguments), call.status) == ("clock", {"zone": "text"}, "completed")
    assert call.call_id


@pytest.mark.parametrize("family", FAMILIES)
def test_two_tools_are_called_side_by_side_whole_and_streamed(client, family):
    question = ask(f"{family}-tools", tools=TOOLS)
    whole = items(client.responses.create(**question), "function_call")
    fragments = {}
    with client.responses.stream(**question) as stream:
        for event in stream:
            if event.type == "response.function_call_arguments.delta":
                fragments[event.output_index] = fragments.get(event.output_index, "") + event.delta
        streamed = items(stream.get_final_response(), "function_call")
    expected = [("weather", {"city": "text"}), ("clock", {"zone": "text"})]
    for calls in (whole, streamed):
        assert [(call.name, json.loads(call.arguments)) for call in calls] == expected
        assert len({call.call_id for call in calls}) == 2
    assert [json.loads(text) for _, text in sorted(fragments.items())] == [{"city": "text"}, {"zone": "text"}]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_tool_found_goes_back_to_the_model(client, family):
    question = [{"role": "user", "content": marked("Weather?")}]
    first = client.responses.create(**ask(f"{family}-tools", question, tools=TOOLS))
    found = marked("It rains.")
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": found}
        for call in items(first, "function_call")
    ]
    second = client.responses.create(**ask(family, [*question, *first.output, *results], tools=TOOLS))
    assert second.output_text == TEXT
    _, body = seen_by_vendor(found)
    assert json.dumps(body).count(found) == 2


class Report(BaseModel):
    city: str
    sky: Literal["grey", "blue"]
    days: list[int]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_structured_answer_is_parsed_by_the_clients_helper(client, family):
    whole = client.responses.parse(**ask(family, "Report."), text_format=Report).output_parsed
    with client.responses.stream(**ask(family, "Report."), text_format=Report) as stream:
        streamed = stream.get_final_response().output_parsed
    for report in (whole, streamed):
        assert (report.city, report.sky) == ("text", "grey")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_by_url_and_one_in_base64_reach_the_vendor(client, family):
    words = marked("What is this?")
    parts = [
        {"type": "input_image", "detail": "auto", "image_url": url}
        for url in (IMAGE_URL, f"data:image/png;base64,{PNG}")
    ]
    content = [{"type": "input_text", "text": words}, *parts]
    assert client.responses.create(**ask(family, [{"role": "user", "content": content}])).output_text == TEXT
    images, body = seen_by_vendor(words)
    assert images == 2
    assert PNG in json.dumps(body) and IMAGE_URL in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_thoughts_are_items_of_their_own(client, family):
    question = ask(f"{family}-thinking", "Think.", reasoning={"effort": "high", "summary": "auto"})
    whole = client.responses.create(**question)
    with client.responses.stream(**question) as stream:
        streamed = stream.get_final_response()
    for response in (whole, streamed):
        thoughts = items(response, "reasoning")
        said = [part.text for thought in thoughts for part in [*thought.summary, *(thought.content or [])]]
        assert "short one" in "".join(said)
        assert response.output[0].type == "reasoning" and response.output_text == TEXT
    assert whole.usage.output_tokens_details.reasoning_tokens > 0


@pytest.mark.parametrize("family", ["responses", "anthropic", "gemini"])
def test_a_thought_that_is_replayed_goes_back_to_its_vendor_as_it_came(client, family):
    more = {"tools": TOOLS, "reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"]}
    question = [{"role": "user", "content": marked("Think.")}]
    with client.responses.stream(**ask(f"{family}-thinking-tools", question, **more)) as stream:
        first = stream.get_final_response()
    thoughts = items(first, "reasoning")
    secrets = [
        secret for thought in thoughts
        for secret in (thought.encrypted_content, getattr(thought, "signature", None)) if secret
    ]
    [call] = items(first, "function_call")
    assert secrets
    found = marked("It rains.")
    result = {"type": "function_call_output", "call_id": call.call_id, "output": found}
    client.responses.create(**ask(family, [*question, *first.output, result], **more))
    _, body = seen_by_vendor(found)
    assert any(secret in json.dumps(body) for secret in secrets)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_at_its_limit_is_incomplete(client, family):
    whole = client.responses.create(**ask(family, max_output_tokens=3))
    with client.responses.stream(**ask(family, max_output_tokens=3)) as stream:
        streamed = [event for event in stream][-1].response
    for response in (whole, streamed):
        assert (response.output_text, response.status) == ("The quick brown", "incomplete")
        assert response.incomplete_details.reason == "max_output_tokens"


@pytest.mark.parametrize("family", FAMILIES)
def test_cached_tokens_are_told_and_cost_less(client, family):
    usage = client.responses.create(**ask(f"{family}-cached", "Again. " * 40)).usage
    assert usage.input_tokens_details.cached_tokens == 40 < usage.input_tokens
    assert usage.cost == cost_of(usage.input_tokens, TOKENS, cached=40)


def test_what_needs_a_memory_is_refused(client):
    for more in ({"store": True}, {"previous_response_id": "resp_1"}):
        with pytest.raises(openai.BadRequestError) as raised:
            client.responses.create(**ask("openai", **more))
        assert next(iter(more)) in str(raised.value)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_1")


def test_a_wrong_key_is_an_authentication_error():
    with pytest.raises(openai.AuthenticationError):
        client_with(UNKNOWN_KEY).responses.create(**ask("openai"))


def test_an_unknown_model_is_a_bad_request_that_suggests_the_right_one(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(**ask("opanai"))
    assert "test/opanai" in str(raised.value) and "test/openai" in str(raised.value)


def test_a_parameter_of_the_wrong_type_is_named(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(**ask("openai", temperature="hot"))
    assert "temperature" in str(raised.value)


def test_a_spent_limit_is_payment_required():
    with pytest.raises(openai.APIStatusError) as raised:
        client_with(LIMITED_KEY).responses.create(**ask("openai"))
    assert raised.value.status_code == 402


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendor_that_is_down_is_a_server_error(client, family, stream):
    for mood in ("failing", "garbage"):
        with pytest.raises(openai.InternalServerError) as raised:
            client.responses.create(**ask(f"{family}-{mood}"), stream=stream)
        assert raised.value.status_code in (502, 503)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendors_rate_limit_is_passed_on_with_the_time_to_wait(client, family):
    with pytest.raises(openai.RateLimitError) as raised:
        client.responses.create(**ask(f"{family}-limited"))
    assert 1 <= int(raised.value.response.headers["retry-after"]) <= 7


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_breaks_off_ends_as_a_failed_response(client, family, mood):
    events = list(client.responses.create(**ask(f"{family}-{mood}"), stream=True))
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert said and TEXT.startswith(said) and said != TEXT
    assert events[-1].type == "response.failed"
    assert events[-1].response.error.code == "server_error"
    assert [event.type for event in events].count("response.failed") == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_closed_by_the_caller_is_recorded_as_cancelled(client, family):
    stream = client.responses.create(**ask(f"{family}-slow"), stream=True)
    next(event for event in stream if event.type == "response.output_text.delta")
    generation_id = stream.response.headers["x-generation-id"]
    stream.close()
    record = generation(generation_id, lambda record: record["cancelled"])
    assert record["model"] == f"test/{family}-slow" and record["streamed"] is True
    assert weir_is_well()
    assert client.responses.create(**ask(family)).output_text == TEXT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_legacy_completion_is_given_whole_and_streamed(client, family):
    prompt = {"model": f"test/{family}", "prompt": "Tell me about rivers.", "max_tokens": 100}
    whole = client.completions.create(**prompt)
    assert (whole.object, whole.model) == ("text_completion", f"test/{family}")
    assert [(choice.text, choice.finish_reason) for choice in whole.choices] == [(TEXT, "stop")]
    assert whole.usage.cost == cost_of(whole.usage.prompt_tokens, TOKENS)
    chunks = list(client.completions.create(**prompt, stream=True))
    pieces = [chunk.choices[0].text for chunk in chunks if chunk.choices and chunk.choices[0].text]
    assert "".join(pieces) == TEXT and len(pieces) > 1
    assert [it.finish_reason for chunk in chunks for it in chunk.choices if it.finish_reason] == ["stop"]
    assert chunks[-1].usage.completion_tokens == TOKENS


@pytest.mark.parametrize("family", FAMILIES)
def test_a_legacy_completion_has_limits_and_errors(client, family):
    prompt = {"prompt": "Tell me about rivers."}
    short = client.completions.create(model=f"test/{family}", **prompt, max_tokens=3).choices[0]
    assert (short.text, short.finish_reason) == ("The quick brown", "length")
    if family in STOPPING:
        stopped = client.completions.create(model=f"test/{family}", **prompt, stop=" fox").choices[0]
        assert (stopped.text, stopped.finish_reason) == ("The quick brown", "stop")
    with pytest.raises(openai.RateLimitError):
        client.completions.create(model=f"test/{family}-limited", **prompt)
    said = ""
    with pytest.raises(openai.APIError):
        for chunk in client.completions.create(model=f"test/{family}-cut", **prompt, stream=True):
            said += chunk.choices[0].text if chunk.choices else ""
    assert said and TEXT.startswith(said) and said != TEXT
