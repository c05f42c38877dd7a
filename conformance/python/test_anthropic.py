"""Anthropic's client for Python, on models of every family."""

import json
from typing import Literal

import anthropic
import pytest
from conftest import (
    API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, STOPPING, TEXT, THINKING, TOKENS, URL, WEATHER,
    cost_of, generation, marked, seen_by_vendor, weir_is_well,
)
from pydantic import BaseModel

TOOLS = [
    {"name": "weather", "description": "The weather.", "input_schema": WEATHER},
    {"name": "clock", "description": "The time.", "input_schema": CLOCK},
]


def client_with(key=API_KEY):
    return anthropic.Anthropic(base_url=f"{URL}/api", api_key=key, max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def client():
    return client_with()


def ask(model, content="Tell me about rivers.", **more):
    return {"model": f"test/{model}", "max_tokens": 1000, "messages": [{"role": "user", "content": content}], **more}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_message_is_answered_with_usage_and_cost(client, family):
    message = client.messages.create(**ask(family))
    assert (message.type, message.role, message.model) == ("message", "assistant", f"test/{family}")
    [block] = message.content
    assert (block.type, block.text, message.stop_reason) == ("text", TEXT, "end_turn")
    assert message.usage.output_tokens == TOKENS and message.usage.input_tokens > 0
    assert message.usage.cost == cost_of(message.usage.input_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_says_the_same_and_ends_with_its_usage(client, family):
    with client.messages.stream(**ask(family)) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == TEXT and len(pieces) > 1
    assert (final.content[0].text, final.stop_reason) == (TEXT, "end_turn")
    assert final.usage.output_tokens == TOKENS and final.usage.input_tokens > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_events_of_a_stream_come_in_anthropics_order(client, family):
    events = [event for event in client.messages.create(**ask(family), stream=True) if event.type != "ping"]
    kinds = [event.type for event in events]
    deltas = kinds.count("content_block_delta")
    assert kinds == [
        "message_start", "content_block_start", *["content_block_delta"] * deltas, "content_block_stop",
        "message_delta", "message_stop",
    ]
    assert deltas > 1
    assert events[0].message.content == [] and events[0].message.stop_reason is None
    assert events[-2].delta.stop_reason == "end_turn"
    # The client's accumulator keeps only what Anthropic itself tells, so the cost is read where it passes.
    assert events[-2].usage.cost == cost_of(events[-2].usage.input_tokens, TOKENS)


@pytest.mark.parametrize("family", FAMILIES)
def test_words_in_every_script_come_back_as_they_went(client, family):
    assert client.messages.create(**ask(f"{family}-echo", SCRIPTS)).content[0].text == SCRIPTS
    with client.messages.stream(**ask(f"{family}-echo", SCRIPTS)) as stream:
        assert "".join(stream.text_stream) == SCRIPTS


def test_the_key_may_come_as_a_bearer_token():
    client = anthropic.Anthropic(base_url=f"{URL}/api", auth_token=API_KEY, max_retries=0, timeout=30)
    assert client.messages.create(**ask("openai")).content[0].text == TEXT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_system_prompt_reaches_the_vendor(client, family):
    words = marked("Be brief.")
    client.messages.create(**ask(family, system=[{"type": "text", "text": words}]))
    _, body = seen_by_vendor(words)
    assert words in json.dumps(body)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_forced_tool_is_called(client, family):
    message = client.messages.create(**ask(family, tools=TOOLS, tool_choice={"type": "tool", "name": "clock"}))
    [call] = [block for block in message.content if block.type == "tool_use"]
    assert (call.name, call.input) == ("clock", {"zone": "text"})
    assert call.id


@pytest.mark.parametrize("family", FAMILIES)
def test_any_tool_ends_with_tool_use(client, family):
    message = client.messages.create(**ask(family, tools=TOOLS, tool_choice={"type": "any"}))
    assert message.stop_reason == "tool_use"
    assert [block.name for block in message.content if block.type == "tool_use"] == ["weather"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fragments_of_a_streamed_call_join_to_its_input(client, family):
    with client.messages.stream(**ask(family, tools=TOOLS, tool_choice={"type": "any"})) as stream:
        fragments = [event.partial_json for event in stream if event.type == "input_json"]
        final = stream.get_final_message()
    assert json.loads("".join(fragments)) == {"city": "text"}
    [call] = [block for block in final.content if block.type == "tool_use"]
    assert (call.name, call.input, final.stop_reason) == ("weather", {"city": "text"}, "tool_use")


@pytest.mark.parametrize("family", FAMILIES)
def test_two_tools_are_called_side_by_side(client, family):
    whole = client.messages.create(**ask(f"{family}-tools", tools=TOOLS))
    with client.messages.stream(**ask(f"{family}-tools", tools=TOOLS)) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        calls = [block for block in message.content if block.type == "tool_use"]
        assert [(call.name, call.input) for call in calls] == [("weather", {"city": "text"}), ("clock", {"zone": "text"})]
        assert len({call.id for call in calls}) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_tool_found_goes_back_to_the_model(client, family):
    question = ask(f"{family}-tools", marked("Weather?"), tools=TOOLS)
    first = client.messages.create(**question)
    found = marked("It rains.")
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": [{"type": "text", "text": found}]}
        for block in first.content if block.type == "tool_use"
    ]
    messages = [
        *question["messages"], {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = client.messages.create(**{**question, "model": f"test/{family}", "messages": messages})
    assert second.content[0].text == TEXT
    _, body = seen_by_vendor(found)
    assert json.dumps(body).count(found) == 2


class Report(BaseModel):
    city: str
    sky: Literal["grey", "blue"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_structured_answer_is_parsed_by_the_clients_helper(client, family):
    message = client.messages.parse(**ask(family), output_format=Report)
    assert message.parsed_output == Report(city="text", sky="grey")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_by_url_and_one_in_base64_reach_the_vendor(client, family):
    words = marked("What is this?")
    sources = [
        {"type": "url", "url": IMAGE_URL}, {"type": "base64", "media_type": "image/png", "data": PNG}]
    parts = [{"type": "image", "source": source} for source in sources]
    message = client.messages.create(**ask(family, [{"type": "text", "text": words}, *parts]))
    assert message.content[0].text == TEXT
    images, body = seen_by_vendor(words)
    assert images == 2
    assert PNG in json.dumps(body) and IMAGE_URL in json.dumps(body)


@pytest.mark.parametrize("family", THINKING)
def test_thoughts_are_blocks_of_their_own(client, family):
    question = ask(f"{family}-thinking", thinking={"type": "enabled", "budget_tokens": 1024})
    question["max_tokens"] = 4000
    whole = client.messages.create(**question)
    with client.messages.stream(**question) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        thoughts = [block.thinking for block in message.content if block.type == "thinking"]
        assert "short one" in "".join(thoughts)
        assert [block.text for block in message.content if block.type == "text"] == [TEXT]
        assert message.content[0].type == "thinking"


def test_a_signed_thought_goes_back_to_its_vendor_as_it_came(client):
    question = ask("anthropic-thinking-tools", marked("Think."), tools=TOOLS,
                   thinking={"type": "enabled", "budget_tokens": 1024})
    question["max_tokens"] = 4000
    with client.messages.stream(**question) as stream:
        first = stream.get_final_message()
    [thought] = [block for block in first.content if block.type == "thinking"]
    [call] = [block for block in first.content if block.type == "tool_use"]
    assert thought.signature
    found = marked("It rains.")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": found}
    client.messages.create(**{**question, "model": "test/anthropic", "messages": [
        *question["messages"], {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]})
    _, body = seen_by_vendor(found)
    [sent] = [part for part in body["messages"][1]["content"] if part["type"] == "thinking"]
    assert (sent["thinking"], sent["signature"]) == (thought.thinking, thought.signature)


@pytest.mark.parametrize("family", STOPPING)
def test_the_limit_of_tokens_and_stop_words_end_the_message(client, family):
    short = client.messages.create(**{**ask(family), "max_tokens": 3})
    assert (short.content[0].text, short.stop_reason) == ("The quick brown", "max_tokens")
    stopped = client.messages.create(**ask(family, stop_sequences=[" fox"]))
    assert stopped.content[0].text == "The quick brown"
    assert stopped.stop_reason in ("stop_sequence", "end_turn")


def test_the_matched_stop_word_is_named_by_a_vendor_that_names_it(client):
    stopped = client.messages.create(**ask("anthropic", stop_sequences=[" fox", " dog"]))
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", " fox")


@pytest.mark.parametrize("family", FAMILIES)
def test_cached_tokens_are_told_apart_and_cost_less(client, family):
    usage = client.messages.create(**ask(f"{family}-cached", "Again. " * 40)).usage
    assert usage.cache_read_input_tokens == 40
    assert usage.cost == cost_of(usage.input_tokens + 40, TOKENS, cached=40)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokens_of_a_prompt_are_counted_without_an_answer(client, family):
    def count(words, **more):
        prompt = {"model": f"test/{family}", "messages": [{"role": "user", "content": words}], **more}
        raw = client.messages.with_raw_response.count_tokens(**prompt)
        return raw.parse().input_tokens, raw.headers["x-weir-token-count"]

    few, by = count("Tell me about rivers.")
    assert by == ("vendor" if family in ("anthropic", "gemini") else "estimate")
    more, _ = count("Tell me about rivers. " * 20)
    with_tools, _ = count("Tell me about rivers.", tools=TOOLS, system="Be brief.")
    assert 0 < few < more and few < with_tools


def test_a_count_has_the_errors_of_a_message(client):
    prompt = {"model": "test/opanai", "messages": [{"role": "user", "content": "Hello"}]}
    with pytest.raises(anthropic.BadRequestError):
        client.messages.count_tokens(**prompt)
    client = client_with("sk-or-v1-" + "0" * 64)
    with pytest.raises(anthropic.AuthenticationError):
        client.messages.count_tokens(**prompt)


def test_a_wrong_key_is_an_authentication_error():
    with pytest.raises(anthropic.AuthenticationError) as raised:
        client_with("sk-or-v1-" + "0" * 64).messages.create(**ask("openai"))
    assert raised.value.body["type"] == "error"
    assert raised.value.body["error"]["type"] == "authentication_error"


def test_an_unknown_model_is_a_bad_request_that_suggests_the_right_one(client):
    with pytest.raises(anthropic.BadRequestError) as raised:
        client.messages.create(**ask("opanai"))
    assert raised.value.body["error"]["type"] == "invalid_request_error"
    assert "test/opanai" in raised.value.message and "test/openai" in raised.value.message


def test_a_parameter_of_the_wrong_type_is_named(client):
    with pytest.raises(anthropic.BadRequestError) as raised:
        client.messages.create(**{**ask("openai"), "max_tokens": "many"})
    assert "max_tokens" in raised.value.message


def test_a_spent_limit_is_payment_required():
    with pytest.raises(anthropic.PaymentRequiredError) as raised:
        client_with(LIMITED_KEY).messages.create(**ask("openai"))
    assert raised.value.body["error"]["type"] == "billing_error"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendor_that_is_down_is_a_server_error(client, family, stream):
    for mood in ("failing", "garbage"):
        with pytest.raises(anthropic.InternalServerError) as raised:
            client.messages.create(**ask(f"{family}-{mood}"), stream=stream)
        assert raised.value.status_code in (500, 502, 503, 529)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vendors_rate_limit_is_passed_on_with_the_time_to_wait(client, family):
    with pytest.raises(anthropic.RateLimitError) as raised:
        client.messages.create(**ask(f"{family}-limited"))
    assert 1 <= int(raised.value.response.headers["retry-after"]) <= 7


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_breaks_off_raises_after_what_was_said(client, family, mood):
    said = ""
    with pytest.raises(anthropic.APIStatusError) as raised:
        with client.messages.stream(**ask(f"{family}-{mood}")) as stream:
            for text in stream.text_stream:
                said += text
    assert said and TEXT.startswith(said) and said != TEXT
    assert raised.value.body["type"] == "error"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_closed_by_the_caller_is_recorded_as_cancelled(client, family):
    with client.messages.stream(**ask(f"{family}-slow")) as stream:
        next(iter(stream.text_stream))
        generation_id = stream.response.headers["x-generation-id"]
    record = generation(generation_id, lambda record: record["cancelled"])
    assert record["model"] == f"test/{family}-slow"
    assert weir_is_well()
    assert client.messages.create(**ask(family)).content[0].text == TEXT
