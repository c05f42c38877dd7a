"""Where weir and its vendor are, as `cargo x test` says, and what every suite asks of them."""

import json
import os
import re
import time
import urllib.error
import urllib.request
import uuid

import pytest

# What the fake vendors say where nothing else is asked of them, and the tokens in it: one a word.
TEXT = "The quick brown fox jumps over the lazy dog."
TOKENS = 9
FAMILIES = ["openai", "responses", "anthropic", "gemini"]

# OpenAI's Responses have no word for stop sequences.
STOPPING = [family for family in FAMILIES if family != "responses"]

# OpenAI's Responses show thoughts only where a summary is asked for, for which Anthropic's clients have no word.
THINKING = [family for family in FAMILIES if family != "responses"]

# USD a token, as crates/xtask/src/conformance/settings.rs has them.
PROMPT_PRICE = 0.000001
CACHED_PRICE = 0.0000001
COMPLETION_PRICE = 0.000002

# One red pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
IMAGE_URL = "https://images.example/cat.png"

# What a stream cut anywhere could break: two to four bytes a character, joined emoji, quotes, line ends.
SCRIPTS = 'größer \u2028 “naïve” \\"quoted\\" 東京 привет 👩‍👩‍👧 🇩🇪 \t tab\n\nnew lines data: [DONE] end'

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CLOCK = {
    "type": "object",
    "properties": {"zone": {"type": "string"}},
    "required": ["zone"],
    "additionalProperties": False,
}


def variable(name):
    value = os.environ.get(name)
    if not value:
        pytest.exit(f"{name} is not set; `cargo x test --only conformance` sets it", returncode=2)
    return value


URL = variable("WEIR_URL")
API_KEY = variable("WEIR_API_KEY")
MANAGEMENT_KEY = variable("WEIR_MANAGEMENT_KEY")
LIMITED_KEY = variable("WEIR_LIMITED_KEY")
VENDOR_URL = variable("VENDOR_URL")
UNKNOWN_KEY = "sk-or-v1-" + "0" * 64


def get(path, key=API_KEY):
    """A plain GET: the status and the JSON."""
    request = urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def marked(words="Tell me about rivers."):
    """A prompt that no other test sends."""
    return f"{words} [{uuid.uuid4()}]"


def seen_by_vendor(mark):
    """The one request in which the healthy vendor was sent `mark`: its images, and its body."""
    # What stands in brackets is nobody else's, and the same in every encoding.
    word = re.findall(r"\[([0-9a-f-]{36})\]", mark)[-1]
    with urllib.request.urlopen(f"{VENDOR_URL}/_testbed/requests?with={word}", timeout=30) as answer:
        requests = json.load(answer)
    assert len(requests) == 1, f"{len(requests)} requests reached the vendor"
    return requests[0]["images"], json.loads(requests[0]["body"])


def generation(generation_id, until=lambda record: True):
    """The record of a served request, once it is there and as awaited: it is written behind the answer."""
    for _ in range(200):
        status, body = get(f"/api/v1/generation?id={generation_id}")
        if status == 200 and until(body["data"]):
            return body["data"]
        time.sleep(0.05)
    raise AssertionError(f"no such record of {generation_id} in 10 s; the last answer was {status}: {body}")


def weir_is_well():
    return get("/health")[0] == 200 and get("/ready")[0] == 200


def cost_of(prompt, completion, cached=0):
    return pytest.approx(
        (prompt - cached) * PROMPT_PRICE + cached * CACHED_PRICE + completion * COMPLETION_PRICE, rel=1e-9
    )
