"""What reaches a vendor of what a client asks: every client, every wire, by the sheet that all languages share.

`../sent.json` has an entry for each thing that can be asked: how it is said in each dialect (`asked`), where it stands
in what the vendor of each wire receives (`sent`: a path and the value there, `~` before words that are only part of it,
`?` for anything, null for what must not be there), what the vendor cannot be told and the answer's header therefore names (`lost`), and
whom it cannot be sent to at all (`refused`, with words of the error). `client>wire` stands for that pair alone.
"""

import json

import pytest
from conftest import marked, seen_by_vendor
from sheets import at, filled, holds, sheet
from speakers import ALL

WIRES = ["openai", "responses", "anthropic", "gemini", "bedrock", "cohere", "ollama", "replicate"]
SHEET = sheet("sent.json")["requests"]
SPEAKERS = {speaker.dialect: speaker for speaker in ALL}


def cases():
    for entry in SHEET:
        asked = entry["asked"]
        # OpenRouter's client speaks the chat dialect, too.
        asked = {"openrouter": asked.get("chat"), **asked}
        for dialect, said in asked.items():
            if said is None:
                continue
            # It differs from the chat client in what it takes of an answer.
            for wire in WIRES[:2] if dialect == "openrouter" else WIRES:
                yield pytest.param(entry, dialect, said, wire, id=f"{entry['name']}-{dialect}-{wire}")


def of(entry, kind, dialect, wire, otherwise):
    """What an entry says of a client before a wire."""
    said = entry.get(kind, {})
    dialect = "chat" if dialect == "openrouter" else dialect
    return said.get(f"{dialect}>{wire}", said.get(wire, otherwise))


@pytest.fixture(scope="module")
def speakers():
    return {dialect: speaker() for dialect, speaker in SPEAKERS.items()}


@pytest.mark.parametrize("entry, dialect, said, wire", list(cases()))
def test_what_is_asked_reaches_the_vendor_or_is_named_as_lost(speakers, entry, dialect, said, wire):
    speaker = speakers[dialect]
    refused = of(entry, "refused", dialect, wire, None)
    sent = of(entry, "sent", dialect, wire, {})
    if refused and not sent:
        with pytest.raises(speaker.refused, match=refused):
            speaker.ask(f"test/{wire}", marked(), filled(said, marked()))
        return
    lost = of(entry, "lost", dialect, wire, [])
    assert sent or lost, "the sheet says nothing of this"
    mark = marked("Well?")
    # What is asked does not depend on it: so every other pair streams.
    stream = (list(SPEAKERS).index(dialect) + WIRES.index(wire)) % 2 == 1
    _, headers = speaker.ask(f"test/{wire}", mark, filled(said, mark), stream)
    _, body = seen_by_vendor(mark)
    for path, wanted in filled(sent, mark).items():
        assert holds(at(body, path), wanted), f"{path} is {at(body, path)!r} in {json.dumps(body)}"
    named = [loss.split(";")[0] for loss in headers["x-weir-loss"].split(", ")]
    if not lost:
        assert named == ["none"]
    for name in lost:
        assert any(name in loss for loss in named), f"{name} is not among {named}"
