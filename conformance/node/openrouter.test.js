// OpenRouter's own client for Node, which validates every answer against OpenRouter's description.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenRouter } from "@openrouter/sdk";
import * as errors from "@openrouter/sdk/models/errors";
import {
  API_KEY, FAMILIES, FUNCTION_TOOLS, IMAGE_URL, LIMITED_KEY, MANAGEMENT_KEY, PNG, SCRIPTS, TEXT, TOKENS, UNKNOWN_KEY, URL,
  WEATHER, assertBeginning, assertCost, assertWeirIsWell, count, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

// Without its default of retrying server errors for an hour.
const clientWith = (apiKey) =>
  new OpenRouter({ apiKey, serverURL: `${URL}/api/v1`, retryConfig: { strategy: "none" }, timeoutMs: 30_000 });
const client = clientWith(API_KEY);
const management = clientWith(MANAGEMENT_KEY);
const ask = (model, content = "Tell me about rivers.", more = {}) => ({
  chatRequest: { model: `test/${model}`, messages: [{ role: "user", content }], ...more },
});

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

for (const family of FAMILIES) {
  test(`${family}: a chat is answered with usage and cost`, async () => {
    const result = await client.chat.send(ask(family));
    assert.equal(result.model, `test/${family}`);
    assert.equal(result.choices[0].message.content, TEXT);
    assert.equal(result.choices[0].finishReason, "stop");
    assert.equal(result.usage.completionTokens, TOKENS);
    assertCost(result.usage.cost, result.usage.promptTokens, TOKENS);
  });

  test(`${family}: a stream says the same and ends with its usage`, async () => {
    const chunks = await collect(await client.chat.send(ask(family, undefined, { stream: true })));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), TEXT);
    assert.deepEqual(chunks.map((chunk) => chunk.choices[0]?.finishReason).filter(Boolean), ["stop"]);
    assert.deepEqual(chunks.filter((chunk) => chunk.usage), chunks.slice(-1));
    assertCost(chunks.at(-1).usage.cost, chunks.at(-1).usage.promptTokens, TOKENS);
  });

  test(`${family}: words in every script come back as they went`, async () => {
    const chunks = await collect(await client.chat.send(ask(`${family}-echo`, SCRIPTS, { stream: true })));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), SCRIPTS);
  });

  test(`${family}: tools are called side by side, and what they found goes back`, async () => {
    const question = ask(`${family}-tools`, marked("Weather?"), { tools: FUNCTION_TOOLS });
    const [{ message, finishReason }] = (await client.chat.send(question)).choices;
    assert.equal(finishReason, "tool_calls");
    assert.deepEqual(message.toolCalls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]), [
      ["weather", { city: "text" }],
      ["clock", { zone: "text" }],
    ]);
    const found = marked("It rains.");
    const results = message.toolCalls.map((call) => ({ role: "tool", toolCallId: call.id, content: found }));
    const messages = [...question.chatRequest.messages, message, ...results];
    const second = await client.chat.send({
      chatRequest: { ...question.chatRequest, model: `test/${family}`, messages },
    });
    assert.equal(second.choices[0].message.content, TEXT);
    assert.equal(count((await seenByVendor(found)).text, found), 2);
  });

  test(`${family}: the fragments of a streamed call join to its arguments`, async () => {
    const forced = { tools: FUNCTION_TOOLS, toolChoice: { type: "function", function: { name: "clock" } }, stream: true };
    const chunks = await collect(await client.chat.send(ask(family, "Time?", forced)));
    const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.toolCalls ?? []);
    assert.deepEqual(pieces.map((piece) => piece.function?.name).filter(Boolean), ["clock"]);
    assert.deepEqual(JSON.parse(pieces.map((piece) => piece.function?.arguments ?? "").join("")), { zone: "text" });
  });

  test(`${family}: a structured answer fits its schema`, async () => {
    const responseFormat = { type: "json_schema", jsonSchema: { name: "weather", strict: true, schema: WEATHER } };
    const result = await client.chat.send(ask(family, "Report.", { responseFormat }));
    assert.deepEqual(JSON.parse(result.choices[0].message.content), { city: "text" });
  });

  test(`${family}: an image by URL and one in base64 reach the vendor`, async () => {
    const words = marked("What is this?");
    const urls = [IMAGE_URL, `data:image/png;base64,${PNG}`];
    const parts = urls.map((url) => ({ type: "image_url", imageUrl: { url } }));
    const result = await client.chat.send(ask(family, [{ type: "text", text: words }, ...parts]));
    assert.equal(result.choices[0].message.content, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  test(`${family}: thoughts are told apart and their details validate`, async () => {
    const question = ask(`${family}-thinking`, "Think.", { reasoning: { effort: "high", summary: "auto" } });
    const { message } = (await client.chat.send(question)).choices[0];
    assert.equal(message.content, TEXT);
    assert.match(message.reasoning, /short one/);
    assert.ok(message.reasoningDetails.length > 0);
    const chunks = await collect(await client.chat.send({ chatRequest: { ...question.chatRequest, stream: true } }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning ?? "").join(""), message.reasoning);
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is a typed error, streamed or not`, async () => {
      for (const stream of [false, true]) {
        const error = await errorOf(client.chat.send(ask(`${family}-${mood}`, "Hello", { stream })));
        const kinds = [errors.BadGatewayResponseError, errors.ServiceUnavailableResponseError];
        assert.ok(kinds.some((kind) => error instanceof kind), error);
      }
    });
  }

  test(`${family}: a vendor's rate limit is a typed error`, async () => {
    const error = await errorOf(client.chat.send(ask(`${family}-limited`)));
    assert.ok(error instanceof errors.TooManyRequestsResponseError, error);
  });

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) ends with a chunk that says why`, async () => {
      const chunks = await collect(await client.chat.send(ask(`${family}-${mood}`, "Hello", { stream: true })));
      assertBeginning(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""));
      const broken = chunks.filter((chunk) => chunk.error);
      assert.equal(broken.length, 1);
      assert.equal(broken[0].choices[0].finishReason, "error");
      assert.ok(broken[0].error.code >= 500 && broken[0].error.metadata.errorType);
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const stream = await client.chat.send(ask(`${family}-slow`, "Hello", { stream: true }));
    let id;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        id = chunk.id;
        break;
      }
    }
    await generation(id, (record) => record.cancelled);
    const { data } = await client.generations.getGeneration({ id });
    assert.deepEqual([data.cancelled, data.streamed, data.model], [true, true, `test/${family}-slow`]);
    await assertWeirIsWell();
  });

  test(`${family}: a generation is found by its id`, async () => {
    const result = await client.chat.send(ask(family));
    await generation(result.id);
    const { data } = await client.generations.getGeneration({ id: result.id });
    assert.equal(data.id, result.id);
    assert.equal(data.providerName, `Lab ${family}`);
    assert.equal(data.tokensCompletion, TOKENS);
    assert.ok(Math.abs(data.totalCost - result.usage.cost) < 1e-12);
  });

  test(`${family}: a model and its endpoints validate`, async () => {
    const { data: model } = await client.models.get({ author: "test", slug: family });
    assert.equal(model.id, `test/${family}`);
    const { data } = await client.endpoints.list({ author: "test", slug: family });
    assert.deepEqual(data.endpoints.map((endpoint) => endpoint.providerName), [`Lab ${family}`]);
  });
}

test("all models validate", async () => {
  const { data } = (await client.models.list()).result;
  const models = new Map(data.map((model) => [model.id, model]));
  for (const family of FAMILIES) assert.ok(models.has(`test/${family}`), family);
  assert.equal(Number(models.get("test/gemini").pricing.prompt), 0.000001);
});

test("models are counted and providers validate", async () => {
  assert.ok((await client.models.count()).data.count >= FAMILIES.length);
  const names = (await client.providers.list()).data.map((provider) => provider.name);
  for (const family of FAMILIES) assert.ok(names.includes(`Lab ${family}`), family);
});

test("a wrong key is unauthorized", async () => {
  const error = await errorOf(clientWith(UNKNOWN_KEY).chat.send(ask("openai")));
  assert.ok(error instanceof errors.UnauthorizedResponseError, error);
});

test("an unknown model is a bad request that suggests the right one", async () => {
  const error = await errorOf(client.chat.send(ask("opanai")));
  assert.ok(error instanceof errors.BadRequestResponseError, error);
  assert.match(error.error.message, /test\/openai/);
});

test("a spent limit is payment required", async () => {
  const error = await errorOf(clientWith(LIMITED_KEY).chat.send(ask("openai")));
  assert.ok(error instanceof errors.PaymentRequiredResponseError, error);
});

test("a key tells of itself", async () => {
  const { data } = await clientWith(LIMITED_KEY).apiKeys.getCurrentKeyMetadata();
  assert.ok(Math.abs(data.limit - 0.000001) < 1e-12);
});

test("a key is made, used, changed and deleted", async () => {
  const made = await management.apiKeys.create({ requestBody: { name: "Made by a test", limit: 5 } });
  const { hash } = made.data;
  assert.equal(made.data.limit, 5);
  const theirs = clientWith(made.key);
  assert.equal((await theirs.chat.send(ask("openai"))).choices[0].message.content, TEXT);
  const listed = (await management.apiKeys.list()).data.map((key) => key.hash);
  assert.ok(listed.includes(hash));
  assert.equal((await management.apiKeys.get({ hash })).data.name, "Made by a test");

  const changed = await management.apiKeys.update({ hash, requestBody: { name: "Changed", disabled: true } });
  assert.deepEqual([changed.data.name, changed.data.disabled], ["Changed", true]);
  assert.ok((await errorOf(theirs.chat.send(ask("openai")))) instanceof errors.UnauthorizedResponseError);

  assert.equal((await management.apiKeys.delete({ hash })).deleted, true);
  assert.ok((await errorOf(management.apiKeys.get({ hash }))) instanceof errors.NotFoundResponseError);
});

for (const family of FAMILIES) {
  const question = (model, more = {}) => ({
    responsesRequest: { model: `test/${model}`, input: "Tell me about rivers.", ...more },
  });

  test(`${family}: a response is given whole and streamed`, async () => {
    const whole = await client.responses.send(question(family));
    const events = await collect(await client.responses.send(question(family, { stream: true })));
    assert.deepEqual(events.map((event) => event.sequenceNumber), events.map((_, index) => index));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(deltas.map((event) => event.delta).join(""), TEXT);
    assert.equal(events.at(-1).type, "response.completed");
    for (const response of [whole, events.at(-1).response]) {
      assert.equal(response.status, "completed");
      assert.deepEqual(response.output.map((item) => item.content.map((part) => part.text)), [[TEXT]]);
      assertCost(response.usage.cost, response.usage.inputTokens, TOKENS);
    }
  });

  test(`${family}: a response calls tools side by side`, async () => {
    const tools = FUNCTION_TOOLS.map((tool) => ({ type: "function", ...tool.function }));
    const { output } = await client.responses.send(question(`${family}-tools`, { tools }));
    const calls = output.filter((item) => item.type === "function_call");
    assert.deepEqual(calls.map((call) => [call.name, JSON.parse(call.arguments)]), [
      ["weather", { city: "text" }],
      ["clock", { zone: "text" }],
    ]);
  });

  test(`${family}: a response that fails is an error of the client`, async () => {
    const limited = await errorOf(client.responses.send(question(`${family}-limited`)));
    assert.ok(limited instanceof errors.TooManyRequestsResponseError, limited);
    const unknown = await errorOf(client.responses.send(question("opanai")));
    assert.ok(unknown instanceof errors.BadRequestResponseError, unknown);
  });
}
