// OpenAI's client for Node, on models of every family.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import * as z from "zod";
import {
  API_KEY, FAMILIES, FUNCTION_TOOLS, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, TEXT, TOKENS, UNKNOWN_KEY, URL, assertBeginning,
  assertCost, assertWeirIsWell, count, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

const clientWith = (apiKey) => new OpenAI({ baseURL: `${URL}/api/v1`, apiKey, maxRetries: 0, timeout: 30_000 });
const client = clientWith(API_KEY);
const ask = (model, content = "Tell me about rivers.", more = {}) => ({
  model: `test/${model}`,
  messages: [{ role: "user", content }],
  ...more,
});

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

for (const family of FAMILIES) {
  test(`${family}: a chat is answered with usage and cost`, async () => {
    const completion = await client.chat.completions.create(ask(family));
    assert.equal(completion.model, `test/${family}`);
    assert.equal(completion.choices.length, 1);
    assert.equal(completion.choices[0].message.content, TEXT);
    assert.equal(completion.choices[0].finish_reason, "stop");
    assert.equal(completion.usage.completion_tokens, TOKENS);
    assertCost(completion.usage.cost, completion.usage.prompt_tokens, TOKENS);
  });

  test(`${family}: a stream says the same and ends with its usage`, async () => {
    const chunks = await collect(await client.chat.completions.create(ask(family, undefined, { stream: true })));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), TEXT);
    const reasons = chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean);
    assert.deepEqual(reasons, ["stop"]);
    assert.deepEqual(chunks.filter((chunk) => chunk.usage), chunks.slice(-1));
    assert.deepEqual(chunks.at(-1).choices, []);
    assertCost(chunks.at(-1).usage.cost, chunks.at(-1).usage.prompt_tokens, TOKENS);
  });

  test(`${family}: the client's own accumulator folds the stream`, async () => {
    const final = await client.chat.completions.stream(ask(family)).finalChatCompletion();
    assert.equal(final.choices[0].message.content, TEXT);
    assert.equal(final.choices[0].finish_reason, "stop");
  });

  test(`${family}: words in every script come back as they went`, async () => {
    const question = ask(`${family}-echo`, SCRIPTS);
    assert.equal((await client.chat.completions.create(question)).choices[0].message.content, SCRIPTS);
    const chunks = await collect(await client.chat.completions.create({ ...question, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), SCRIPTS);
  });

  test(`${family}: a forced tool is called with arguments that parse`, async () => {
    const forced = { tools: FUNCTION_TOOLS, tool_choice: { type: "function", function: { name: "clock" } } };
    const { message } = (await client.chat.completions.create(ask(family, "Time?", forced))).choices[0];
    assert.deepEqual(message.tool_calls.map((call) => call.function.name), ["clock"]);
    assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { zone: "text" });
  });

  test(`${family}: the fragments of parallel streamed calls join to their arguments`, async () => {
    const chunks = await collect(
      await client.chat.completions.create(ask(`${family}-tools`, "Both?", { tools: FUNCTION_TOOLS, stream: true })),
    );
    const calls = new Map();
    for (const piece of chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])) {
      const call = calls.get(piece.index) ?? { name: "", text: "" };
      call.name += piece.function?.name ?? "";
      call.text += piece.function?.arguments ?? "";
      calls.set(piece.index, call);
    }
    assert.deepEqual([...calls.keys()], [0, 1]);
    assert.deepEqual([...calls.values()].map((call) => [call.name, JSON.parse(call.text)]), [
      ["weather", { city: "text" }],
      ["clock", { zone: "text" }],
    ]);
  });

  test(`${family}: what a tool found goes back to the model, through the client's own loop`, async () => {
    const found = marked("It rains.");
    const cities = [];
    const runner = client.chat.completions.runTools({
      ...ask(family, marked("Weather?")),
      tool_choice: { type: "function", function: { name: "weather" } },
      tools: [{
        type: "function",
        function: {
          name: "weather",
          description: "The weather.",
          parameters: FUNCTION_TOOLS[0].function.parameters,
          parse: JSON.parse,
          function: ({ city }) => {
            cities.push(city);
            return found;
          },
        },
      }],
    });
    // Forced to one tool, the client ends after having called it once.
    await runner.done();
    assert.deepEqual(cities, ["text"]);
    const last = await client.chat.completions.create({
      model: `test/${family}`, messages: runner.messages, tools: FUNCTION_TOOLS,
    });
    assert.equal(last.choices[0].message.content, TEXT);
    assert.equal(count((await seenByVendor(found)).text, found), 1);
  });

  test(`${family}: a structured answer is parsed by the client's helper`, async () => {
    const Report = z.object({ city: z.string(), sky: z.enum(["grey", "blue"]), days: z.array(z.number()) });
    const format = { response_format: zodResponseFormat(Report, "report") };
    const completion = await client.chat.completions.parse(ask(family, "Report.", format));
    const { city, sky } = completion.choices[0].message.parsed;
    assert.deepEqual({ city, sky }, { city: "text", sky: "grey" });
  });

  test(`${family}: an image by URL and one in base64 reach the vendor`, async () => {
    const words = marked("What is this?");
    const parts = [IMAGE_URL, `data:image/png;base64,${PNG}`].map((url) => ({ type: "image_url", image_url: { url } }));
    const completion = await client.chat.completions.create(ask(family, [{ type: "text", text: words }, ...parts]));
    assert.equal(completion.choices[0].message.content, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  test(`${family}: thoughts are told apart from the answer`, async () => {
    const question = ask(`${family}-thinking`, "Think.", { reasoning: { effort: "high", summary: "auto" } });
    const { message } = (await client.chat.completions.create(question)).choices[0];
    assert.equal(message.content, TEXT);
    assert.match(message.reasoning, /short one/);
    const chunks = await collect(await client.chat.completions.create({ ...question, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.reasoning ?? "").join(""), message.reasoning);
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is a server error, streamed or not`, async () => {
      for (const stream of [false, true]) {
        const error = await errorOf(client.chat.completions.create(ask(`${family}-${mood}`, "Hello", { stream })));
        assert.ok(error instanceof OpenAI.InternalServerError, error);
        assert.ok([502, 503].includes(error.status), `${error.status}`);
      }
    });
  }

  test(`${family}: a vendor's rate limit is passed on with the time to wait`, async () => {
    const error = await errorOf(client.chat.completions.create(ask(`${family}-limited`)));
    assert.ok(error instanceof OpenAI.RateLimitError, error);
    const seconds = Number(error.headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 7, `${seconds}`);
  });

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) throws after what was said`, async () => {
      let said = "";
      const error = await errorOf((async () => {
        const stream = await client.chat.completions.create(ask(`${family}-${mood}`, "Hello", { stream: true }));
        for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? "";
      })());
      assert.ok(error instanceof OpenAI.APIError, error);
      assertBeginning(said);
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const stream = await client.chat.completions.create(ask(`${family}-slow`, "Hello", { stream: true }));
    let id;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) {
        id = chunk.id;
        break;
      }
    }
    stream.controller.abort();
    const record = await generation(id, (record) => record.cancelled);
    assert.equal(record.model, `test/${family}-slow`);
    await assertWeirIsWell();
  });
}

test("a wrong key is an authentication error", async () => {
  const error = await errorOf(clientWith(UNKNOWN_KEY).chat.completions.create(ask("openai")));
  assert.ok(error instanceof OpenAI.AuthenticationError, error);
});

test("an unknown model is a bad request that suggests the right one", async () => {
  const error = await errorOf(client.chat.completions.create(ask("opanai")));
  assert.ok(error instanceof OpenAI.BadRequestError, error);
  assert.match(error.message, /test\/openai/);
});

test("a parameter of the wrong type is named", async () => {
  const error = await errorOf(client.chat.completions.create(ask("openai", "Hello", { temperature: "hot" })));
  assert.ok(error instanceof OpenAI.BadRequestError, error);
  assert.match(error.message, /temperature/);
});

test("a spent limit is payment required", async () => {
  const error = await errorOf(clientWith(LIMITED_KEY).chat.completions.create(ask("openai")));
  assert.ok(error instanceof OpenAI.APIError, error);
  assert.equal(error.status, 402);
});

test("models are listed", async () => {
  const ids = (await collect(await client.models.list())).map((model) => model.id);
  for (const family of FAMILIES) assert.ok(ids.includes(`test/${family}`), family);
});
