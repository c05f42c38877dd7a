"""Every official client before vendors whose wires no official client here speaks: Bedrock's, Cohere's and Ollama's."""

import base64
import json

import anthropic
import openai
import pytest
from conftest import API_KEY, CLOCK, PNG, TEXT, TOKENS, URL, WEATHER, marked, seen_by_vendor
from google import genai
from google.genai import errors, types

WIRES = ["bedrock", "cohere", "ollama"]
BOTH = [("weather", {"city": "text"}), ("clock", {"zone": "text"})]
SCHEMA = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}


class Chat:
    """OpenAI's chat."""

    rate_limited, broken = openai.RateLimitError, openai.APIError

    def __init__(self):
        self.ask = openai.OpenAI(base_url=f"{URL}/v1", api_key=API_KEY, max_retries=0, timeout=30).chat.completions

    def question(self, model, words, image=False, tools=False, schema=False):
        content = [{"type": "text", "text": words}]
        if image:
            content.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}})
        more = {}
        if tools:
            more["tools"] = [
                {"type": "function", "function": {"name": name, "description": "It.", "parameters": parameters}}
                for name, parameters in (("weather", WEATHER), ("clock", CLOCK))
            ]
        if schema:
            described = {"name": "report", "schema": SCHEMA, "strict": True}
            more["response_format"] = {"type": "json_schema", "json_schema": described}
        return {"model": model, "messages": [{"role": "user", "content": content}], **more}

    def whole(self, *words, **more):
        completion = self.ask.create(**self.question(*words, **more))
        message = completion.choices[0].message
        calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
        return message.content or "", calls, completion.usage.completion_tokens

    def pieces(self, *words, **more):
        for chunk in self.ask.create(**self.question(*words, **more), stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    def streamed_calls(self, *words, **more):
        with self.ask.stream(**self.question(*words, **more)) as stream:
            calls = stream.get_final_completion().choices[0].message.tool_calls
        return [(call.function.name, json.loads(call.function.arguments)) for call in calls]


class Responses:
    """OpenAI's Responses."""

    rate_limited, broken = openai.RateLimitError, AssertionError

    def __init__(self):
        self.ask = openai.OpenAI(base_url=f"{URL}/v1", api_key=API_KEY, max_retries=0, timeout=30).responses

    def question(self, model, words, image=False, tools=False, schema=False):
        content = [{"type": "input_text", "text": words}]
        if image:
            url = f"data:image/png;base64,{PNG}"
            content.append({"type": "input_image", "detail": "auto", "image_url": url})
        more = {}
        if tools:
            more["tools"] = [
                {"type": "function", "name": name, "parameters": parameters, "strict": True}
                for name, parameters in (("weather", WEATHER), ("clock", CLOCK))
            ]
        if schema:
            more["text"] = {"format": {"type": "json_schema", "name": "report", "schema": SCHEMA, "strict": True}}
        return {"model": model, "input": [{"role": "user", "content": content}], **more}

    def whole(self, *words, **more):
        response = self.ask.create(**self.question(*words, **more))
        return response.output_text, self.calls(response), response.usage.output_tokens

    def pieces(self, *words, **more):
        for event in self.ask.create(**self.question(*words, **more), stream=True):
            if event.type == "response.output_text.delta":
                yield event.delta
            # The client raises nothing: the end says it.
            assert event.type != "response.failed"

    def streamed_calls(self, *words, **more):
        with self.ask.stream(**self.question(*words, **more)) as stream:
            return self.calls(stream.get_final_response())

    def calls(self, response):
        return [(item.name, json.loads(item.arguments)) for item in response.output if item.type == "function_call"]


class Messages:
    """Anthropic's Messages."""

    rate_limited, broken = anthropic.RateLimitError, anthropic.APIStatusError

    def __init__(self):
        self.ask = anthropic.Anthropic(base_url=URL, api_key=API_KEY, max_retries=0, timeout=30).messages

    def question(self, model, words, image=False, tools=False, schema=False):
        content = [{"type": "text", "text": words}]
        if image:
            source = {"type": "base64", "media_type": "image/png", "data": PNG}
            content.append({"type": "image", "source": source})
        more = {}
        if tools:
            more["tools"] = [
                {"name": name, "input_schema": schema} for name, schema in (("weather", WEATHER), ("clock", CLOCK))]
        if schema:
            more["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        return {"model": model, "max_tokens": 1000, "messages": [{"role": "user", "content": content}], **more}

    def whole(self, *words, **more):
        message = self.ask.create(**self.question(*words, **more))
        text = "".join(block.text for block in message.content if block.type == "text")
        return text, self.calls(message), message.usage.output_tokens

    def pieces(self, *words, **more):
        with self.ask.stream(**self.question(*words, **more)) as stream:
            yield from stream.text_stream

    def streamed_calls(self, *words, **more):
        with self.ask.stream(**self.question(*words, **more)) as stream:
            return self.calls(stream.get_final_message())

    def calls(self, message):
        return [(block.name, block.input) for block in message.content if block.type == "tool_use"]


class Gemini:
    """Google's Gemini."""

    rate_limited, broken = errors.ClientError, errors.APIError

    def __init__(self):
        self.client = genai.Client(api_key=API_KEY, http_options=types.HttpOptions(base_url=URL, timeout=30_000))
        self.ask = self.client.models

    def question(self, model, words, image=False, tools=False, schema=False):
        parts = [words]
        if image:
            parts.append(types.Part.from_bytes(data=base64.b64decode(PNG), mime_type="image/png"))
        config = {"automatic_function_calling": {"disable": True}}
        if tools:
            config["tools"] = [types.Tool(function_declarations=[
                types.FunctionDeclaration(name=name, parameters_json_schema=schema)
                for name, schema in (("weather", WEATHER), ("clock", CLOCK))
            ])]
        if schema:
            config |= {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        return {"model": model, "contents": parts, "config": config}

    def whole(self, *words, **more):
        answer = self.ask.generate_content(**self.question(*words, **more))
        parts = answer.candidates[0].content.parts
        text = "".join(part.text for part in parts if part.text and not part.thought)
        return text, self.calls(answer), answer.usage_metadata.candidates_token_count

    def pieces(self, *words, **more):
        for chunk in self.ask.generate_content_stream(**self.question(*words, **more)):
            if chunk.text:
                yield chunk.text

    def streamed_calls(self, *words, **more):
        chunks = self.ask.generate_content_stream(**self.question(*words, **more))
        return [call for chunk in chunks for call in self.calls(chunk)]

    def calls(self, answer):
        return [(call.name, call.args) for call in answer.function_calls or []]


@pytest.fixture(scope="module", params=[Chat, Responses, Messages, Gemini], ids=lambda client: client.__name__)
def client(request):
    return request.param()


@pytest.mark.parametrize("wire", WIRES)
def test_a_question_is_answered_whole_and_streamed(client, wire):
    text, _, tokens = client.whole(f"test/{wire}", "Tell me about rivers.")
    assert (text, tokens) == (TEXT, TOKENS)
    pieces = list(client.pieces(f"test/{wire}", "Tell me about rivers."))
    assert "".join(pieces) == TEXT and len(pieces) > 1


@pytest.mark.parametrize("wire", WIRES)
def test_two_tools_are_called_side_by_side_whole_and_streamed(client, wire):
    _, calls, _ = client.whole(f"test/{wire}-tools", "Both?", tools=True)
    assert calls == client.streamed_calls(f"test/{wire}-tools", "Both?", tools=True) == BOTH


@pytest.mark.parametrize("wire", WIRES)
def test_a_structured_answer_has_the_form_of_its_schema(client, wire):
    text, _, _ = client.whole(f"test/{wire}", "Report.", schema=True)
    assert json.loads(text) == {"city": "text"}
    assert json.loads("".join(client.pieces(f"test/{wire}", "Report.", schema=True))) == {"city": "text"}


@pytest.mark.parametrize("wire", WIRES)
def test_an_image_in_bytes_reaches_the_vendor(client, wire):
    words = marked("What is this?")
    assert client.whole(f"test/{wire}", words, image=True)[0] == TEXT
    images, body = seen_by_vendor(words)
    assert images == 1 and PNG in json.dumps(body)


@pytest.mark.parametrize("wire", WIRES)
def test_a_vendors_rate_limit_is_passed_on(client, wire):
    with pytest.raises(client.rate_limited) as raised:
        client.whole(f"test/{wire}-limited", "Hello")
    assert 429 in (getattr(raised.value, "status_code", None), getattr(raised.value, "code", None))


@pytest.mark.parametrize("mood", ["cut", "erring"])
@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_breaks_off_raises_after_what_was_said(client, wire, mood):
    said = []
    with pytest.raises(client.broken):
        for piece in client.pieces(f"test/{wire}-{mood}", "Hello"):
            said.append(piece)
    text = "".join(said)
    assert text and TEXT.startswith(text) and text != TEXT
