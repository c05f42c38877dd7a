"""How a request was routed (`X-OpenRouter-Metadata`), as OpenRouter's own client reads it."""

import pytest
from conftest import API_KEY, FAMILIES, TEXT, URL, generation
from openrouter import OpenRouter, errors


@pytest.fixture(scope="module")
def client():
    # Without its default of retrying server errors for an hour.
    return OpenRouter(api_key=API_KEY, server_url=f"{URL}/api/v1", retry_config=None, timeout_ms=30_000)


def ask(model, **more):
    messages = [{"role": "user", "content": "Tell me about rivers."}]
    return {"model": f"test/{model}", "messages": messages, "x_open_router_metadata": "enabled", **more}


def check(metadata, family):
    assert (metadata.requested, metadata.strategy, metadata.attempt) == (f"test/{family}", "direct", 1)
    assert (metadata.region, metadata.is_byok) == (None, False)
    [selected] = [endpoint for endpoint in metadata.endpoints.available if endpoint.selected]
    assert selected.model == f"test/{family}"
    assert metadata.endpoints.total >= 1
    assert metadata.summary.endswith(f"selected={selected.provider}")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_says_how_it_was_routed(client, family):
    result = client.chat.send(**ask(family))
    assert result.choices[0].message.content == TEXT
    check(result.openrouter_metadata, family)
    # The client passes over what is Weir's own in the record.
    generation(result.id)
    assert client.generations.get_generation(id=result.id).data.id == result.id


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_says_it_in_its_last_chunk(client, family):
    with client.chat.send(**ask(family), stream=True) as stream:
        chunks = list(stream)
    said = [chunk for chunk in chunks if getattr(chunk, "openrouter_metadata", None)]
    assert said == chunks[-1:]
    check(said[0].openrouter_metadata, family)


def test_an_error_says_it_beside_the_error(client):
    with pytest.raises(errors.NotFoundResponseError) as raised:
        client.chat.send(**ask("openai", provider={"only": ["nobody"]}))
    metadata = raised.value.data.openrouter_metadata
    assert metadata["attempt"] == 0
    assert metadata["endpoints"]["available"] == []
