"""What reaches a client of what a vendor says beside its words: every client, every wire, whole and streamed.

`../said.json` has an entry for each thing that can be said: the wires that have a form for it, the mood of the vendor
that says it, how it is asked for in each dialect (`asked`), and where each client finds it in a whole answer (`heard`)
and in some piece of a stream (`streamed`); `not_for` names clients that drop it.
"""

import json

import pytest
from conftest import marked, seen_by_vendor
from sheets import at, filled, holds, sheet
from speakers import ALL

SPEAKERS = {speaker.dialect: speaker for speaker in ALL}


def cases():
    for entry in sheet("said.json")["answers"]:
        for dialect in [*entry["heard"], "openrouter"]:
            # OpenRouter's client speaks the chat dialect, but for what it has no words for.
            if dialect == "openrouter" and ("chat" not in entry["heard"] or "openrouter" in entry.get("not_for", [])):
                continue
            for wire in entry["wires"]:
                for stream in (False, True):
                    way = "streamed" if stream else "whole"
                    yield pytest.param(entry, dialect, wire, stream, id=f"{entry['name']}-{dialect}-{wire}-{way}")


@pytest.fixture(scope="module")
def speakers():
    return {dialect: speaker() for dialect, speaker in SPEAKERS.items()}


def said_in(answer):
    """What the client made of an answer, as plain JSON under the names of the wire."""
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


@pytest.mark.parametrize("entry, dialect, wire, stream", list(cases()))
def test_what_a_vendor_says_is_found_where_the_client_has_it(speakers, entry, dialect, wire, stream):
    words = "chat" if dialect == "openrouter" else dialect
    asked = filled(entry.get("asked", {}).get(words, {}), marked())
    answer, _ = speakers[dialect].ask(f"test/{wire}{entry['mood']}", marked(), asked, stream)
    pieces = [said_in(piece) for piece in answer] if stream else [said_in(answer)]
    for path, wanted in entry["streamed" if stream else "heard"][words].items():
        found = [value for piece in pieces for value in at(piece, path)]
        assert holds(found, wanted), f"{path} is {found} in {json.dumps(pieces)[:3000]}"


@pytest.mark.parametrize("wire", ["anthropic", "bedrock"])
def test_sealed_thoughts_go_back_to_their_vendor_as_they_came(speakers, wire):
    client = speakers["messages"].door
    question = {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 1024},
                "tools": [{"name": "weather", "input_schema": {"type": "object"}}]}
    words = [{"role": "user", "content": marked("Think.")}]
    with client.stream(model=f"test/{wire}-redacting", messages=words, **question) as stream:
        first = stream.get_final_message()
    [sealed] = [block for block in first.content if block.type == "redacted_thinking"]
    [call] = [block for block in first.content if block.type == "tool_use"]
    found = marked("It rains.")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": found}
    turns = [*words, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    client.create(model=f"test/{wire}", messages=turns, **question)
    _, body = seen_by_vendor(found)
    # The very bytes that the vendor gave out, in the place where it wants them.
    place = {"anthropic": "messages.1.content.*.data", "bedrock": "messages.1.content.*.reasoningContent.redactedContent"}
    given = {"anthropic": "EmwKAhgBEgxmYWtlIHZlbmRvciBoaWRkZW4gdGhvdWdodA==", "bedrock": "ZmFrZSB2ZW5kb3IgaGlkZGVuIHRob3VnaHQ="}
    assert at(body, place[wire]) == [given[wire]]
    assert wire == "bedrock" or sealed.data == given[wire]
