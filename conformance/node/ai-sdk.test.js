// The AI SDK with OpenRouter's provider, on models of every family.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { APICallError, Output, generateText, stepCountIs, streamText, tool } from "ai";
import * as z from "zod";
import {
  API_KEY, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, TEXT, TOKENS, UNKNOWN_KEY, URL, assertBeginning, assertCost,
  assertWeirIsWell, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

const providerWith = (apiKey) => createOpenRouter({ apiKey, baseURL: `${URL}/api/v1`, compatibility: "strict" });
const openrouter = providerWith(API_KEY);
const ask = (model, more = {}) => ({
  model: openrouter(`test/${model}`),
  maxRetries: 0,
  ...("messages" in more ? {} : { prompt: "Tell me about rivers." }),
  ...more,
});
const weather = (execute) =>
  tool({ description: "The weather.", inputSchema: z.object({ city: z.string() }), ...(execute && { execute }) });
const clock = () => tool({ description: "The time.", inputSchema: z.object({ zone: z.string() }) });

for (const family of FAMILIES) {
  test(`${family}: a text is generated with usage and cost`, async () => {
    const { text, finishReason, usage, providerMetadata } = await generateText(ask(family));
    assert.equal(text, TEXT);
    assert.equal(finishReason, "stop");
    assert.equal(usage.outputTokens, TOKENS);
    assertCost(providerMetadata.openrouter.usage.cost, usage.inputTokens, TOKENS);
    assert.equal(providerMetadata.openrouter.provider, `Lab ${family}`);
  });

  test(`${family}: a stream says the same and ends with its usage`, async () => {
    const result = streamText(ask(family));
    const pieces = [];
    for await (const piece of result.textStream) pieces.push(piece);
    assert.ok(pieces.length > 1);
    assert.equal(pieces.join(""), TEXT);
    assert.equal(await result.finishReason, "stop");
    assert.equal((await result.usage).outputTokens, TOKENS);
    const { usage } = (await result.providerMetadata).openrouter;
    assertCost(usage.cost, usage.promptTokens, TOKENS);
  });

  test(`${family}: a tool is called and its result goes back, in the SDK's own loop`, async () => {
    const found = marked("It rains.");
    const cities = [];
    const { text, steps: taken } = await generateText(
      ask(family, {
        tools: { weather: weather(({ city }) => (cities.push(city), found)) },
        // The first step must call; the second may not, and so answers.
        prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "auto" }),
        stopWhen: stepCountIs(3),
      }),
    );
    assert.deepEqual(cities, ["text"]);
    assert.equal(taken.length, 2);
    assert.equal(text, TEXT);
    assert.ok((await seenByVendor(found)).text.includes(found));
  });

  test(`${family}: parallel calls are streamed`, async () => {
    const result = streamText(ask(`${family}-tools`, { tools: { weather: weather(), clock: clock() } }));
    await result.consumeStream();
    const calls = await result.toolCalls;
    assert.deepEqual(calls.map((call) => [call.toolName, call.input]), [
      ["weather", { city: "text" }],
      ["clock", { zone: "text" }],
    ]);
    assert.equal(await result.finishReason, "tool-calls");
  });

  test(`${family}: a structured answer is an object of its schema`, async () => {
    const schema = z.object({ city: z.string(), sky: z.enum(["grey", "blue"]) });
    const { output } = await generateText(ask(family, { output: Output.object({ schema }) }));
    assert.deepEqual(output, { city: "text", sky: "grey" });
  });

  test(`${family}: an image by URL and one in base64 reach the vendor`, async () => {
    const words = marked("What is this?");
    const content = [
      { type: "text", text: words },
      { type: "image", image: new globalThis.URL(IMAGE_URL) },
      { type: "image", image: PNG, mediaType: "image/png" },
    ];
    const { text } = await generateText(ask(family, { messages: [{ role: "user", content }] }));
    assert.equal(text, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  test(`${family}: thoughts are told apart from the answer`, async () => {
    const providerOptions = { openrouter: { reasoning: { effort: "high", summary: "auto" } } };
    const whole = await generateText(ask(`${family}-thinking`, { providerOptions }));
    assert.equal(whole.text, TEXT);
    assert.match(whole.reasoningText, /short one/);
    const streamed = streamText(ask(`${family}-thinking`, { providerOptions }));
    assert.equal(await streamed.text, TEXT);
    assert.equal(await streamed.reasoningText, whole.reasoningText);
  });

  test(`${family}: thoughts go back with the tool's result, as the SDK keeps them`, async () => {
    const found = marked("It rains.");
    const first = await generateText(
      ask(`${family}-thinking-tools`, { tools: { weather: weather() }, messages: [{ role: "user", content: marked() }] }),
    );
    const [call] = first.toolCalls;
    const result = {
      type: "tool-result", toolCallId: call.toolCallId, toolName: "weather", output: { type: "text", value: found },
    };
    const messages = [
      { role: "user", content: "Weather?" }, ...first.response.messages, { role: "tool", content: [result] },
    ];
    const second = await generateText(ask(family, { tools: { weather: weather() }, messages }));
    assert.equal(second.text, TEXT);
    const { text } = await seenByVendor(found);
    if (["anthropic", "gemini"].includes(family)) assert.match(text, /signature/i);
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is an API call error`, async () => {
      const error = await errorOf(generateText(ask(`${family}-${mood}`)));
      assert.ok(APICallError.isInstance(error), error);
      assert.ok([502, 503].includes(error.statusCode), `${error.statusCode}`);
    });
  }

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) is an error after what was said`, async () => {
      const failures = [];
      const result = streamText(ask(`${family}-${mood}`, { onError: ({ error }) => void failures.push(error) }));
      let said = "";
      for await (const part of result.fullStream) {
        if (part.type === "text-delta") said += part.text;
      }
      assert.equal(failures.length, 1);
      assertBeginning(said);
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const abort = new AbortController();
    const result = streamText(ask(`${family}-slow`, { abortSignal: abort.signal, includeRawChunks: true }));
    let id;
    for await (const part of result.fullStream) {
      if (part.type === "raw" && part.rawValue?.choices?.[0]?.delta.content) {
        id = part.rawValue.id;
        abort.abort();
      }
    }
    const record = await generation(id, (record) => record.cancelled);
    assert.equal(record.model, `test/${family}-slow`);
    await assertWeirIsWell();
  });
}

test("a wrong key and a spent limit are API call errors with their status", async () => {
  for (const [key, status] of [[UNKNOWN_KEY, 401], [LIMITED_KEY, 402]]) {
    const error = await errorOf(generateText(ask("openai", { model: providerWith(key)("test/openai") })));
    assert.ok(APICallError.isInstance(error), error);
    assert.equal(error.statusCode, status);
  }
});

test("an unknown model is an API call error that suggests the right one", async () => {
  const error = await errorOf(generateText(ask("opanai")));
  assert.ok(APICallError.isInstance(error), error);
  assert.equal(error.statusCode, 400);
  assert.match(error.message, /test\/openai/);
});
