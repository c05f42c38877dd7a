// OpenAI's client for Node, its Responses and its legacy Completions, on models of every family.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import * as z from "zod";
import {
  API_KEY, FAMILIES, FUNCTION_TOOLS, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, TEXT, TOKENS, UNKNOWN_KEY, URL, assertBeginning,
  assertCost, assertWeirIsWell, count, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

const clientWith = (apiKey) => new OpenAI({ baseURL: `${URL}/api/v1`, apiKey, maxRetries: 0, timeout: 30_000 });
const client = clientWith(API_KEY);
const TOOLS = FUNCTION_TOOLS.map((tool) => ({ type: "function", strict: true, ...tool.function }));
const ask = (model, input = "Tell me about rivers.", more = {}) => ({ model: `test/${model}`, input, ...more });
const items = (response, type) => response.output.filter((item) => item.type === type);
const callsOf = (response) =>
  items(response, "function_call").map((call) => [call.name, JSON.parse(call.arguments)]);

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

for (const family of FAMILIES) {
  test(`${family}: a response is given with usage and cost`, async () => {
    const response = await client.responses.create(ask(family, undefined, { instructions: "Be brief." }));
    assert.equal(response.model, `test/${family}`);
    assert.deepEqual([response.status, response.output_text], ["completed", TEXT]);
    assert.equal(response.instructions, "Be brief.");
    assert.equal(response.usage.output_tokens, TOKENS);
    assertCost(response.usage.cost, response.usage.input_tokens, TOKENS);
  });

  test(`${family}: the events of a stream are numbered and end with the whole`, async () => {
    const events = await collect(await client.responses.create(ask(family, undefined, { stream: true })));
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
    const deltas = events.filter((event) => event.type === "response.output_text.delta");
    assert.ok(deltas.length > 1, "it came in one piece");
    assert.equal(deltas.map((event) => event.delta).join(""), TEXT);
    assert.equal(events[0].type, "response.created");
    const { type, response } = events.at(-1);
    assert.equal(type, "response.completed");
    assertCost(response.usage.cost, response.usage.input_tokens, TOKENS);
  });

  test(`${family}: the client's own accumulator folds the stream`, async () => {
    const final = await client.responses.stream(ask(family)).finalResponse();
    assert.equal(final.output_text, TEXT);
    assert.equal(final.usage.output_tokens, TOKENS);
  });

  test(`${family}: words in every script come back as they went`, async () => {
    assert.equal((await client.responses.create(ask(`${family}-echo`, SCRIPTS))).output_text, SCRIPTS);
    assert.equal((await client.responses.stream(ask(`${family}-echo`, SCRIPTS)).finalResponse()).output_text, SCRIPTS);
  });

  test(`${family}: a forced tool is called with arguments that parse`, async () => {
    const forced = { tools: TOOLS, tool_choice: { type: "function", name: "clock" } };
    assert.deepEqual(callsOf(await client.responses.create(ask(family, "Time?", forced))), [["clock", { zone: "text" }]]);
  });

  test(`${family}: tools are called side by side, and what they found goes back`, async () => {
    const question = [{ role: "user", content: marked("Weather?") }];
    const first = await client.responses.create(ask(`${family}-tools`, question, { tools: TOOLS }));
    const streamed = await client.responses.stream(ask(`${family}-tools`, question, { tools: TOOLS })).finalResponse();
    for (const response of [first, streamed]) {
      assert.deepEqual(callsOf(response), [["weather", { city: "text" }], ["clock", { zone: "text" }]]);
    }
    const found = marked("It rains.");
    const results = items(first, "function_call").map(({ call_id }) => ({
      type: "function_call_output", call_id, output: found,
    }));
    const history = [...question, ...first.output, ...results];
    const last = await client.responses.create(ask(family, history, { tools: TOOLS }));
    assert.equal(last.output_text, TEXT);
    assert.equal(count((await seenByVendor(found)).text, found), 2);
  });

  test(`${family}: a structured answer is parsed by the client's helper`, async () => {
    const Report = z.object({ city: z.string(), sky: z.enum(["grey", "blue"]) });
    const format = { text: { format: zodTextFormat(Report, "report") } };
    const response = await client.responses.parse(ask(family, "Report.", format));
    assert.deepEqual(response.output_parsed, { city: "text", sky: "grey" });
  });

  test(`${family}: an image by URL and one in base64 reach the vendor`, async () => {
    const words = marked("What is this?");
    const images = [IMAGE_URL, `data:image/png;base64,${PNG}`].map((image_url) => ({
      type: "input_image", detail: "auto", image_url,
    }));
    const content = [{ type: "input_text", text: words }, ...images];
    assert.equal((await client.responses.create(ask(family, [{ role: "user", content }]))).output_text, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  test(`${family}: thoughts are items of their own`, async () => {
    const question = ask(`${family}-thinking`, "Think.", { reasoning: { effort: "high", summary: "auto" } });
    const whole = await client.responses.create(question);
    const streamed = await client.responses.stream(question).finalResponse();
    for (const response of [whole, streamed]) {
      const parts = items(response, "reasoning").flatMap((item) => [...item.summary, ...(item.content ?? [])]);
      assert.match(parts.map((part) => part.text).join(""), /short one/);
      assert.equal(response.output_text, TEXT);
    }
  });

  test(`${family}: an answer at its limit is incomplete`, async () => {
    const response = await client.responses.create(ask(family, undefined, { max_output_tokens: 3 }));
    assert.deepEqual([response.status, response.output_text], ["incomplete", "The quick brown"]);
    assert.equal(response.incomplete_details.reason, "max_output_tokens");
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is a server error, streamed or not`, async () => {
      for (const stream of [false, true]) {
        const error = await errorOf(client.responses.create(ask(`${family}-${mood}`, "Hello", { stream })));
        assert.ok(error instanceof OpenAI.InternalServerError, error);
        assert.ok([502, 503].includes(error.status), `${error.status}`);
      }
    });
  }

  test(`${family}: a vendor's rate limit is passed on with the time to wait`, async () => {
    const error = await errorOf(client.responses.create(ask(`${family}-limited`)));
    assert.ok(error instanceof OpenAI.RateLimitError, error);
    const seconds = Number(error.headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 7, `${seconds}`);
  });

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) ends as a failed response`, async () => {
      const events = await collect(await client.responses.create(ask(`${family}-${mood}`, "Hello", { stream: true })));
      const deltas = events.filter((event) => event.type === "response.output_text.delta");
      assertBeginning(deltas.map((event) => event.delta).join(""));
      assert.equal(events.at(-1).type, "response.failed");
      assert.equal(events.at(-1).response.error.code, "server_error");
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const { data: stream, response } = await client.responses
      .create(ask(`${family}-slow`, "Hello", { stream: true }))
      .withResponse();
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") break;
    }
    stream.controller.abort();
    const record = await generation(response.headers.get("x-generation-id"), (record) => record.cancelled);
    assert.equal(record.model, `test/${family}-slow`);
    await assertWeirIsWell();
  });

  test(`${family}: a legacy completion is given whole and streamed`, async () => {
    const prompt = { model: `test/${family}`, prompt: "Tell me about rivers." };
    const whole = await client.completions.create(prompt);
    assert.deepEqual(whole.choices.map((choice) => [choice.text, choice.finish_reason]), [[TEXT, "stop"]]);
    assertCost(whole.usage.cost, whole.usage.prompt_tokens, TOKENS);
    const chunks = await collect(await client.completions.create({ ...prompt, stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? "").join(""), TEXT);
    const short = await client.completions.create({ ...prompt, max_tokens: 3 });
    assert.deepEqual([short.choices[0].text, short.choices[0].finish_reason], ["The quick brown", "length"]);
  });
}

for (const family of ["responses", "anthropic", "gemini"]) {
  test(`${family}: a thought that is replayed goes back to its vendor as it came`, async () => {
    const more = { tools: TOOLS, reasoning: { effort: "high" }, include: ["reasoning.encrypted_content"] };
    const question = [{ role: "user", content: marked("Think.") }];
    const first = await client.responses.create(ask(`${family}-thinking-tools`, question, more));
    const secrets = items(first, "reasoning")
      .flatMap((thought) => [thought.encrypted_content, thought.signature])
      .filter(Boolean);
    assert.ok(secrets.length > 0);
    const found = marked("It rains.");
    const [{ call_id }] = items(first, "function_call");
    const result = { type: "function_call_output", call_id, output: found };
    await client.responses.create(ask(family, [...question, ...first.output, result], more));
    const { text } = await seenByVendor(found);
    assert.ok(secrets.some((secret) => text.includes(secret)));
  });
}

test("what needs a memory is refused", async () => {
  for (const more of [{ store: true }, { previous_response_id: "resp_1" }]) {
    const error = await errorOf(client.responses.create(ask("openai", "Hello", more)));
    assert.ok(error instanceof OpenAI.BadRequestError, error);
    assert.match(error.message, new RegExp(Object.keys(more)[0]));
  }
  const error = await errorOf(client.responses.retrieve("resp_1"));
  assert.ok(error instanceof OpenAI.NotFoundError, error);
});

test("a wrong key is an authentication error", async () => {
  const error = await errorOf(clientWith(UNKNOWN_KEY).responses.create(ask("openai")));
  assert.ok(error instanceof OpenAI.AuthenticationError, error);
});

test("an unknown model is a bad request that suggests the right one", async () => {
  const error = await errorOf(client.responses.create(ask("opanai")));
  assert.ok(error instanceof OpenAI.BadRequestError, error);
  assert.match(error.message, /test\/openai/);
});

test("a spent limit is payment required", async () => {
  const error = await errorOf(clientWith(LIMITED_KEY).responses.create(ask("openai")));
  assert.ok(error instanceof OpenAI.APIError, error);
  assert.equal(error.status, 402);
});
