// Google's client for Node, on models of every family.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, FinishReason, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai";
import {
  API_KEY, CLOCK, FAMILIES, IMAGE_URL, LIMITED_KEY, PNG, SCRIPTS, STOPPING, TEXT, TOKENS, UNKNOWN_KEY, URL, WEATHER,
  assertBeginning, assertWeirIsWell, count, errorOf, generation, marked, seenByVendor,
} from "./weir.js";

const clientWith = (apiKey, more = {}) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: URL, timeout: 30_000, ...more } });
const client = clientWith(API_KEY);
const TOOLS = [{
  functionDeclarations: [
    { name: "weather", description: "The weather.", parametersJsonSchema: WEATHER },
    { name: "clock", description: "The time.", parametersJsonSchema: CLOCK },
  ],
}];
const ask = (model, contents = "Tell me about rivers.", config = {}) => ({
  model: `test/${model}`,
  contents,
  config,
});
const forced = (...allowedFunctionNames) => ({
  tools: TOOLS,
  toolConfig: {
    functionCallingConfig: {
      mode: FunctionCallingConfigMode.ANY,
      ...(allowedFunctionNames.length > 0 ? { allowedFunctionNames } : {}),
    },
  },
});
const callsOf = (answer) => (answer.functionCalls ?? []).map(({ name, args }) => [name, args]);
const partsOf = (answer) => answer.candidates?.[0]?.content?.parts ?? [];
const said = (parts, thought) =>
  parts.filter((part) => Boolean(part.thought) === thought).map((part) => part.text ?? "").join("");

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

for (const family of FAMILIES) {
  test(`${family}: a question is answered with its counts`, async () => {
    const answer = await client.models.generateContent(ask(family));
    assert.equal(answer.text, TEXT);
    assert.equal(answer.candidates[0].finishReason, FinishReason.STOP);
    assert.equal(answer.modelVersion, `test/${family}`);
    const { promptTokenCount, candidatesTokenCount, totalTokenCount } = answer.usageMetadata;
    assert.ok(promptTokenCount > 0);
    assert.deepEqual([candidatesTokenCount, totalTokenCount], [TOKENS, promptTokenCount + TOKENS]);
  });

  test(`${family}: a stream says the same and ends with its counts`, async () => {
    const chunks = await collect(await client.models.generateContentStream(ask(family)));
    const pieces = chunks.map((chunk) => chunk.text ?? "").filter(Boolean);
    assert.equal(pieces.join(""), TEXT);
    assert.ok(pieces.length > 1, "it came in one piece");
    const reasons = chunks.map((chunk) => chunk.candidates?.[0]?.finishReason).filter(Boolean);
    assert.deepEqual(reasons, [FinishReason.STOP]);
    assert.equal(chunks.at(-1).usageMetadata.candidatesTokenCount, TOKENS);
  });

  test(`${family}: words in every script come back as they went`, async () => {
    assert.equal((await client.models.generateContent(ask(`${family}-echo`, SCRIPTS))).text, SCRIPTS);
    const chunks = await collect(await client.models.generateContentStream(ask(`${family}-echo`, SCRIPTS)));
    assert.equal(chunks.map((chunk) => chunk.text ?? "").join(""), SCRIPTS);
  });

  test(`${family}: a conversation of the client's own remembers what was said`, async () => {
    const [first, second] = [marked(), marked()];
    const chat = client.chats.create({ model: `test/${family}` });
    assert.equal((await chat.sendMessage({ message: first })).text, TEXT);
    const chunks = await collect(await chat.sendMessageStream({ message: second }));
    assert.equal(chunks.map((chunk) => chunk.text ?? "").join(""), TEXT);
    const { text } = await seenByVendor(second);
    assert.ok(text.indexOf(first) > 0 && text.indexOf(first) < text.indexOf(TEXT));
    assert.ok(text.indexOf(TEXT) < text.indexOf(second));
  });

  test(`${family}: a forced tool is called, and any tool is`, async () => {
    const answer = await client.models.generateContent(ask(family, "Time?", forced("clock")));
    assert.deepEqual(callsOf(answer), [["clock", { zone: "text" }]]);
    const any = await client.models.generateContent(ask(family, "Weather?", forced()));
    assert.deepEqual(callsOf(any), [["weather", { city: "text" }]]);
  });

  test(`${family}: tools are called side by side, and what they found goes back`, async () => {
    const words = marked("Weather?");
    const question = ask(`${family}-tools`, words, { tools: TOOLS });
    const chunks = await collect(await client.models.generateContentStream(question));
    const whole = await client.models.generateContent(question);
    const expected = [["weather", { city: "text" }], ["clock", { zone: "text" }]];
    assert.deepEqual(chunks.flatMap(callsOf), expected);
    assert.deepEqual(callsOf(whole), expected);
    const found = marked("It rains.");
    const parts = whole.functionCalls.map(({ id, name }) => ({
      functionResponse: { id, name, response: { result: found } },
    }));
    const history = [
      { role: "user", parts: [{ text: words }] },
      whole.candidates[0].content,
      { role: "user", parts },
    ];
    const last = await client.models.generateContent(ask(family, history, { tools: TOOLS }));
    assert.equal(last.text, TEXT);
    assert.equal(count((await seenByVendor(found)).text, found), 2);
  });

  test(`${family}: a structured answer has the form of its schema`, async () => {
    const config = {
      responseMimeType: "application/json",
      responseJsonSchema: {
        type: "object",
        properties: { city: { type: "string" }, sky: { type: "string", enum: ["grey", "blue"] } },
        required: ["city", "sky"],
        additionalProperties: false,
      },
    };
    const answer = await client.models.generateContent(ask(family, "Report.", config));
    assert.deepEqual(JSON.parse(answer.text), { city: "text", sky: "grey" });
  });

  test(`${family}: an image by address and one in bytes reach the vendor`, async () => {
    const words = marked("What is this?");
    const parts = [
      { text: words },
      { fileData: { fileUri: IMAGE_URL, mimeType: "image/png" } },
      { inlineData: { data: PNG, mimeType: "image/png" } },
    ];
    assert.equal((await client.models.generateContent(ask(family, [{ role: "user", parts }]))).text, TEXT);
    const seen = await seenByVendor(words);
    assert.equal(seen.images, 2);
    assert.ok(seen.text.includes(PNG) && seen.text.includes(IMAGE_URL));
  });

  test(`${family}: thoughts are parts of their own`, async () => {
    const question = ask(`${family}-thinking`, "Think.", { thinkingConfig: { includeThoughts: true } });
    const whole = partsOf(await client.models.generateContent(question));
    assert.match(said(whole, true), /short one/);
    assert.equal(said(whole, false), TEXT);
    const streamed = (await collect(await client.models.generateContentStream(question))).flatMap(partsOf);
    assert.equal(said(streamed, true), said(whole, true));
    assert.equal(said(streamed, false), TEXT);
  });

  test(`${family}: the limit of tokens and stop words end the answer`, async () => {
    const short = await client.models.generateContent(ask(family, undefined, { maxOutputTokens: 3 }));
    assert.deepEqual(
      [short.text, short.candidates[0].finishReason], ["The quick brown", FinishReason.MAX_TOKENS]);
    if (!STOPPING.includes(family)) return;
    const stopped = await client.models.generateContent(ask(family, undefined, { stopSequences: [" fox"] }));
    assert.deepEqual([stopped.text, stopped.candidates[0].finishReason], ["The quick brown", FinishReason.STOP]);
  });

  test(`${family}: the tokens of a prompt are counted without an answer`, async () => {
    const tokens = async (contents) =>
      (await client.models.countTokens({ model: `test/${family}`, contents })).totalTokens;
    const [few, more] = [await tokens("Tell me about rivers."), await tokens("Tell me about rivers. ".repeat(20))];
    assert.ok(few > 0 && few < more, `${few} ${more}`);
  });

  for (const mood of ["failing", "garbage"]) {
    test(`${family}: a vendor that is ${mood} is a server error, streamed or not`, async () => {
      for (const method of ["generateContent", "generateContentStream"]) {
        const error = await errorOf(client.models[method](ask(`${family}-${mood}`)));
        assert.ok(error instanceof ApiError, error);
        assert.ok([502, 503].includes(error.status), `${error.status}`);
      }
    });
  }

  test(`${family}: a vendor's rate limit is passed on`, async () => {
    const error = await errorOf(client.models.generateContent(ask(`${family}-limited`)));
    assert.ok(error instanceof ApiError, error);
    assert.equal(error.status, 429);
    assert.match(error.message, /RESOURCE_EXHAUSTED/);
  });

  for (const mood of ["cut", "erring"]) {
    test(`${family}: a stream that breaks off (${mood}) throws after what was said`, async () => {
      let text = "";
      const error = await errorOf((async () => {
        const stream = await client.models.generateContentStream(ask(`${family}-${mood}`));
        for await (const chunk of stream) text += chunk.text ?? "";
      })());
      assert.ok(error instanceof ApiError, error);
      assertBeginning(text);
    });
  }

  test(`${family}: a stream that the caller aborts is recorded as cancelled`, async () => {
    const abort = new AbortController();
    const stream = await client.models.generateContentStream(
      ask(`${family}-slow`, "Hello", { abortSignal: abort.signal }));
    let id;
    const error = await errorOf((async () => {
      for await (const chunk of stream) {
        if (chunk.text) {
          id = chunk.sdkHttpResponse.headers["x-generation-id"];
          abort.abort();
        }
      }
    })());
    assert.equal(error.name, "AbortError", error);
    const record = await generation(id, (record) => record.cancelled);
    assert.equal(record.model, `test/${family}-slow`);
    await assertWeirIsWell();
  });
}

test("every address that the client makes is served", async () => {
  for (const baseUrl of [URL, `${URL}/`, `${URL}/api`]) {
    for (const apiVersion of ["v1", "v1beta"]) {
      const client = clientWith(API_KEY, { baseUrl, apiVersion });
      for (const model of ["test/openai", "models/test/openai", "openai"]) {
        assert.equal((await client.models.generateContent({ model, contents: "Hello" })).text, TEXT);
        assert.ok((await client.models.countTokens({ model, contents: "Hello" })).totalTokens > 0);
      }
    }
  }
});

test("a signature goes back to its vendor as it came", async () => {
  const [words, found] = [marked("Think."), marked("It rains.")];
  const config = { tools: TOOLS, thinkingConfig: { includeThoughts: true } };
  const chunks = await collect(await client.models.generateContentStream(ask("gemini-thinking-tools", words, config)));
  const parts = chunks.flatMap(partsOf);
  const signatures = parts.map((part) => part.thoughtSignature).filter(Boolean);
  const [{ id, name }] = chunks.flatMap((chunk) => chunk.functionCalls ?? []);
  assert.ok(signatures.length > 0);
  const history = [
    { role: "user", parts: [{ text: words }] },
    { role: "model", parts },
    { role: "user", parts: [{ functionResponse: { id, name, response: { result: found } } }] },
  ];
  await client.models.generateContent(ask("gemini", history, config));
  const { text } = await seenByVendor(found);
  for (const signature of signatures) assert.ok(text.includes(signature), signature);
});

test("a wrong key is an authentication error", async () => {
  const error = await errorOf(clientWith(UNKNOWN_KEY).models.generateContent(ask("openai")));
  assert.ok(error instanceof ApiError, error);
  assert.equal(error.status, 401);
  assert.match(error.message, /UNAUTHENTICATED/);
});

test("an unknown model is a bad request that suggests the right one", async () => {
  for (const method of ["generateContent", "generateContentStream", "countTokens"]) {
    const error = await errorOf(client.models[method]({ model: "test/opanai", contents: "Hello" }));
    assert.ok(error instanceof ApiError, error);
    assert.equal(error.status, 400);
    assert.match(error.message, /test\/openai/);
  }
});

test("a spent limit is payment required", async () => {
  const error = await errorOf(clientWith(LIMITED_KEY).models.generateContent(ask("openai")));
  assert.ok(error instanceof ApiError, error);
  assert.equal(error.status, 402);
});
