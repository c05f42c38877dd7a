// How a request was routed (`X-OpenRouter-Metadata`), as OpenRouter's own client reads it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenRouter } from "@openrouter/sdk";
import { API_KEY, FAMILIES, TEXT, URL } from "./weir.js";

// Without its default of retrying server errors for an hour.
const client = new OpenRouter({
  apiKey: API_KEY, serverURL: `${URL}/api/v1`, retryConfig: { strategy: "none" }, timeoutMs: 30_000,
});
const ask = (model, more = {}) => ({
  xOpenRouterMetadata: "enabled",
  chatRequest: { model: `test/${model}`, messages: [{ role: "user", content: "Tell me about rivers." }], ...more },
});

function check(metadata, family) {
  assert.equal(metadata.requested, `test/${family}`);
  assert.equal(metadata.strategy, "direct");
  assert.equal(metadata.attempt, 1);
  assert.equal(metadata.region, null);
  assert.equal(metadata.isByok, false);
  const selected = metadata.endpoints.available.filter((endpoint) => endpoint.selected);
  assert.deepEqual(selected.map((endpoint) => endpoint.model), [`test/${family}`]);
  assert.ok(metadata.summary.endsWith(`selected=${selected[0].provider}`));
}

for (const family of FAMILIES) {
  test(`${family}: an answer says how it was routed`, async () => {
    const result = await client.chat.send(ask(family));
    assert.equal(result.choices[0].message.content, TEXT);
    check(result.openrouterMetadata, family);
  });

  test(`${family}: a stream says it in its last chunk`, async () => {
    const chunks = [];
    for await (const chunk of await client.chat.send(ask(family, { stream: true }))) chunks.push(chunk);
    assert.deepEqual(chunks.filter((chunk) => chunk.openrouterMetadata), chunks.slice(-1));
    check(chunks.at(-1).openrouterMetadata, family);
  });
}

test("an error says it beside the error", async () => {
  await assert.rejects(client.chat.send(ask("openai", { provider: { only: ["nobody"] } })), (error) => {
    assert.equal(error.statusCode, 404);
    assert.equal(JSON.parse(error.body).openrouter_metadata.attempt, 0);
    return true;
  });
});
