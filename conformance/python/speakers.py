"""The official clients, each behind the same few words, so that one test can speak through all of them.

`ask` takes what a request says in the client's own dialect beside its prompt, and gives back what the client made of
the answer (whole, or the pieces of a stream) and the headers that came with it.
"""

import inspect

import anthropic
import httpx
import openai
import openrouter
from conftest import API_KEY, URL
from google import genai
from google.genai import errors as google_errors
from google.genai import types
from openai.types import Completion
from openrouter import errors as openrouter_errors

TELL = {"X-Weir-Loss": "1"}


def split(method, said):
    """What the client has a parameter for, and the rest, which it sends as it is."""
    known = inspect.signature(method).parameters
    own = {name: value for name, value in said.items() if name in known}
    return {**own, "extra_body": {name: value for name, value in said.items() if name not in known}}


def validated(answer):
    """The answer, of which the client's own description holds: it checks nothing by itself."""
    said = answer.to_dict(mode="json")
    for choice in said.get("choices", []):
        # What OpenAI itself streams, and its client's description has not: null before the end of a completion, and
        # calls of custom tools.
        if type(answer) is Completion:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        for call in choice.get("delta", {}).get("tool_calls") or []:
            if call.get("type") == "custom":
                del call["type"]
    type(answer).model_validate(said)
    return answer


class Chat:
    """OpenAI's client, in chats."""

    dialect = "chat"
    refused = openai.BadRequestError

    def __init__(self):
        client = openai.OpenAI(base_url=f"{URL}/v1", api_key=API_KEY, max_retries=0, timeout=30)
        self.door = self.door_of(client)

    def door_of(self, client):
        return client.chat.completions

    def prompt(self, words):
        return {"messages": [{"role": "user", "content": words}]}

    def ask(self, model, words, said, stream=False):
        question = {"model": model, **self.prompt(words), **said, "stream": stream}
        raw = self.door.with_raw_response.create(**split(self.door.create, question), extra_headers=TELL)
        answer = raw.parse()
        return ([validated(piece) for piece in answer] if stream else validated(answer)), raw.headers


class Completions(Chat):
    """OpenAI's client, in legacy completions."""

    dialect = "completions"

    def door_of(self, client):
        return client.completions

    def prompt(self, words):
        return {"prompt": words}


class Responses(Chat):
    """OpenAI's client, in responses."""

    dialect = "responses"

    def door_of(self, client):
        return client.responses

    def prompt(self, words):
        return {"input": words}


class Messages(Chat):
    """Anthropic's client."""

    dialect = "messages"
    refused = anthropic.BadRequestError

    def __init__(self):
        self.door = anthropic.Anthropic(base_url=URL, api_key=API_KEY, max_retries=0, timeout=30).messages

    def prompt(self, words):
        return {"max_tokens": 1000, "messages": [{"role": "user", "content": words}]}


class Gemini:
    """Google's client."""

    dialect = "gemini"
    refused = google_errors.ClientError

    def __init__(self):
        # `models` alone would not keep the client, and with it the connection, alive.
        self.client = genai.Client(api_key=API_KEY, http_options=types.HttpOptions(base_url=URL, timeout=30_000))

    def ask(self, model, words, said, stream=False):
        config = {"automaticFunctionCalling": {"disable": True}, "httpOptions": {"headers": TELL}}
        question = {
            "model": model, "contents": said.get("contents", words),
            "config": types.GenerateContentConfig.model_validate({**config, **said.get("config", {})}),
        }
        if stream:
            pieces = list(self.client.models.generate_content_stream(**question))
            return pieces, pieces[0].sdk_http_response.headers
        answer = self.client.models.generate_content(**question)
        return answer, answer.sdk_http_response.headers


class OpenRouter:
    """OpenRouter's own client, which validates every answer."""

    dialect = "openrouter"
    refused = openrouter_errors.BadRequestResponseError

    def __init__(self):
        self.headers = {}
        http = httpx.Client(event_hooks={"response": [lambda answer: self.headers.update(answer.headers)]})
        self.client = openrouter.OpenRouter(
            api_key=API_KEY, server_url=f"{URL}/api/v1", retry_config=None, timeout_ms=30_000, client=http)

    def takes(self, said):
        return said.keys() <= inspect.signature(self.client.chat.send).parameters.keys()

    def ask(self, model, words, said, stream=False):
        self.headers.clear()
        question = {"model": model, "messages": [{"role": "user", "content": words}], **said}
        answer = self.client.chat.send(**question, http_headers=TELL, stream=stream)
        if not stream:
            return answer, dict(self.headers)
        with answer as pieces:
            return list(pieces), dict(self.headers)


ALL = [Chat, Completions, Responses, Messages, Gemini, OpenRouter]
