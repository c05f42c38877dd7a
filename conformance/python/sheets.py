"""What the sheets that all languages share are read with: marks put in, places looked up."""

import json
from pathlib import Path


def sheet(name):
    return json.loads((Path(__file__).parent.parent / name).read_text())


def filled(said, mark):
    """What is said, with the mark in its place."""
    if isinstance(said, str):
        return said.replace("$MARK", mark)
    if isinstance(said, list):
        return [filled(part, mark) for part in said]
    if isinstance(said, dict):
        return {name: filled(part, mark) for name, part in said.items()}
    return said


def at(body, path):
    """All that stands at `messages.*.content`; nothing stands where a step leads nowhere."""
    found = [body]
    for step in path.split("."):
        inner = []
        for value in found:
            if isinstance(value, list):
                inner += value if step == "*" else value[int(step):int(step) + 1 or None]
            elif isinstance(value, dict) and value.get(step) is not None:
                inner.append(value[step])
        found = inner
    return found


def holds(found, wanted):
    """Whether what is wanted stands there: the very value, `~` and words in it, `?` for anything, null for nothing."""
    if wanted is None:
        return not found
    if wanted == "?":
        return bool(found)
    if isinstance(wanted, str) and wanted.startswith("~"):
        return any(isinstance(value, str) and wanted[1:] in value for value in found)
    return wanted in found
