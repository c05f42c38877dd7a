// Anthropic's client for Node, on models of every family.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import * as z from "zod";
import {
  API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, TEXT, THINKING, TOKENS, UNKNOWN_KEY, URL, WEATHER, assertBeginning,
  assertCost, assertWeirIsWell, count, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

const clientWith = (apiKey) => new Anthropic({ baseURL: `${URL}/api`, apiKey, maxRetries: 0, timeout: 30_000 });
const client = clientWith(API_KEY);
const TOOLS = [
  { name: "weather", description: "The weather.", input_schema: WEATHER },
  { name: "clock", description: "The time.", input_schema: CLOCK },
];
const ask = (model, content = "Tell me about rivers.", more = {}) => ({
  model: `test/${model}`,
  max_tokens: 4000,
  messages: [{ role: "user", content }],
  ...more,
});
const blocks = (message, type) => message.content.filter((block) => block.type === type);

for (const family of FAMILIES) {
  test(`${family}: a message is answered with usage and cost`, async () => {
    const message = await client.messages.create(ask(family));
    assert.equal(message.model, `test/${family}`);
    assert.deepEqual(message.content.map((block) => [block.type, block.text]), [["text", TEXT]]);
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(message.usage.output_tokens, TOKENS);
    assertCost(message.usage.cost, message.usage.input_tokens, TOKENS);
  });

  test(`${family}: a stream folds to the same message`, async () => {
    const stream = client.messages.stream(ask(family));
    const pieces = [];
    stream.on("text", (text) => pieces.push(text));
    const final = await stream.finalMessage();
    assert.ok(pieces.length > 1);
    assert.equal(pieces.join(""), TEXT);
    assert.equal(final.content[0].text, TEXT);
    assert.equal(final.stop_reason, "end_turn");
    assert.equal(final.usage.output_tokens, TOKENS);
  });

  test(`${family}: a forced tool is called`, async () => {
    const message = await client.messages.create(
      ask(family, "Time?", { tools: TOOLS, tool_choice: { type: "tool", name: "clock" } }),
    );
    assert.deepEqual(blocks(message, "tool_use").map((call) => [call.name, call.input]), [["clock", { zone: "text" }]]);
  });

  test(`${family}: streamed parallel calls fold to their inputs`, async () => {
    const message = await client.messages.stream(ask(`${family}-tools`, "Both?", { tools: TOOLS })).finalMessage();
    assert.deepEqual(blocks(message, "tool_use").map((call) => [call.name, call.input]), [
      ["weather", { city: "text" }],
      ["clock", { zone: "text" }],
    ]);
    assert.equal(message.stop_reason, "tool_use");
  });

  test(`${family}: what a tool found goes back to the model`, async () => {
    const question = ask(`${family}-tools`, marked("Weather?"), { tools: TOOLS });
    const first = await client.messages.create(question);
    const found = marked("It rains.");
    const results = blocks(first, "tool_use").map((call) => ({
      type: "tool_result", tool_use_id: call.id, content: found,
    }));
    const messages = [
      ...question.messages, { role: "assistant", content: first.content }, { role: "user", content: results },
    ];
    const second = await client.messages.create({ ...question, model: `test/${family}`, messages });
    assert.equal(second.content[0].text, TEXT);
    assert.equal(count((await seenByVendor(found)).text, found), 2);
  });

  test(`${family}: a structured answer is parsed by the client's helper`, async () => {
    const Report = z.object({ city: z.string(), sky: z.enum(["grey", "blue"]) });
    const message = await client.messages.parse(
      ask(family, "Report.", { output_config: { format: zodOutputFormat(Report) } }),
    );
    assert.deepEqual(message.parsed_output, { city: "text", sky: "grey" });
  });

  test(`${family}: an image by URL and one in base64 reach the vendor`, async () => {
    const words = marked("What is this?");
    const sources = [{ type: "url", url: IMAGE_URL }, { type: "base64", media_type: "image/png", data: PNG }];
    const parts = sources.map((source) => ({ type: "image", source }));
    const message = await client.messages.create(ask(family, [{ type: "text", text: words }, ...parts]));
    assert.equal(message.content[0].text, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  if (THINKING.includes(family)) test(`${family}: thoughts are blocks of their own`, async () => {
    const question = ask(`${family}-thinking`, "Think.", { thinking: { type: "enabled", budget_tokens: 1024 } });
    for (const message of [await client.messages.create(question), await client.messages.stream(question).finalMessage()]) {
      // Gemini signs behind the text; what it signed with is carried in a block that the caller hands back unread.
      const types = message.content.map((block) => block.type).filter((type) => type !== "redacted_thinking");
      assert.deepEqual(types, ["thinking", "text"]);
      assert.match(message.content[0].thinking, /short one/);
      assert.equal(message.content.find((block) => block.type === "text").text, TEXT);
    }
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is a server error, streamed or not`, async () => {
      for (const stream of [false, true]) {
        const error = await errorOf(client.messages.create(ask(`${family}-${mood}`, "Hello", { stream })));
        assert.ok(error instanceof Anthropic.InternalServerError, error);
        assert.equal(error.error.type, "error");
      }
    });
  }

  test(`${family}: a vendor's rate limit is passed on with the time to wait`, async () => {
    const error = await errorOf(client.messages.create(ask(`${family}-limited`)));
    assert.ok(error instanceof Anthropic.RateLimitError, error);
    const seconds = Number(error.headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 7, `${seconds}`);
  });

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) throws after what was said`, async () => {
      const stream = client.messages.stream(ask(`${family}-${mood}`));
      let said = "";
      stream.on("text", (text) => {
        said += text;
      });
      const error = await errorOf(stream.finalMessage());
      assert.ok(error instanceof Anthropic.APIError, error);
      assertBeginning(said);
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const { data: stream, response } = await client.messages
      .create(ask(`${family}-slow`, "Hello", { stream: true }))
      .withResponse();
    for await (const event of stream) {
      if (event.type === "content_block_delta") break;
    }
    stream.controller.abort();
    const record = await generation(response.headers.get("x-generation-id"), (record) => record.cancelled);
    assert.equal(record.model, `test/${family}-slow`);
    await assertWeirIsWell();
  });
}

test("a signed thought goes back to its vendor as it came", async () => {
  const question = ask("anthropic-thinking-tools", marked("Think."), {
    tools: TOOLS, thinking: { type: "enabled", budget_tokens: 1024 },
  });
  const first = await client.messages.stream(question).finalMessage();
  const [thought] = blocks(first, "thinking");
  const [call] = blocks(first, "tool_use");
  assert.ok(thought.signature);
  const found = marked("It rains.");
  await client.messages.create({
    ...question,
    model: "test/anthropic",
    messages: [
      ...question.messages,
      { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: found }] },
    ],
  });
  const { body } = await seenByVendor(found);
  const sent = body.messages[1].content.filter((part) => part.type === "thinking");
  assert.deepEqual(sent.map((part) => [part.thinking, part.signature]), [[thought.thinking, thought.signature]]);
});

for (const family of FAMILIES) {
  test(`${family}: the tokens of a prompt are counted without an answer`, async () => {
    const tokens = async (content, more = {}) => {
      const prompt = { model: `test/${family}`, messages: [{ role: "user", content }], ...more };
      const { data, response } = await client.messages.countTokens(prompt).withResponse();
      return [data.input_tokens, response.headers.get("x-weir-token-count")];
    };
    const [few, by] = await tokens("Tell me about rivers.");
    assert.equal(by, ["anthropic", "gemini"].includes(family) ? "vendor" : "estimate");
    const [more] = await tokens("Tell me about rivers. ".repeat(20));
    const [withTools] = await tokens("Tell me about rivers.", { tools: TOOLS, system: "Be brief." });
    assert.ok(few > 0 && few < more && few < withTools, `${few} ${more} ${withTools}`);
  });
}

test("a count has the errors of a message", async () => {
  const prompt = { model: "test/opanai", messages: [{ role: "user", content: "Hello" }] };
  const error = await errorOf(client.messages.countTokens(prompt));
  assert.ok(error instanceof Anthropic.BadRequestError, error);
  const stranger = await errorOf(clientWith(UNKNOWN_KEY).messages.countTokens(prompt));
  assert.ok(stranger instanceof Anthropic.AuthenticationError, stranger);
});

test("a wrong key is an authentication error", async () => {
  const error = await errorOf(clientWith(UNKNOWN_KEY).messages.create(ask("openai")));
  assert.ok(error instanceof Anthropic.AuthenticationError, error);
  assert.equal(error.error.error.type, "authentication_error");
});

test("an unknown model is a bad request that suggests the right one", async () => {
  const error = await errorOf(client.messages.create(ask("opanai")));
  assert.ok(error instanceof Anthropic.BadRequestError, error);
  assert.match(error.message, /test\/openai/);
});

test("a parameter of the wrong type is named", async () => {
  const error = await errorOf(client.messages.create(ask("openai", "Hello", { max_tokens: "many" })));
  assert.ok(error instanceof Anthropic.BadRequestError, error);
  assert.match(error.message, /max_tokens/);
});

test("a spent limit is payment required", async () => {
  const error = await errorOf(clientWith(LIMITED_KEY).messages.create(ask("openai")));
  assert.ok(error instanceof Anthropic.APIError, error);
  assert.equal(error.status, 402);
  assert.equal(error.error.error.type, "billing_error");
});
