// The official clients, each behind the same few words, so that one test can speak through all of them: `ask` gives
// back the answers (one, or the pieces of a stream) as plain JSON under the names of the wire, and the headers.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { HTTPClient, OpenRouter } from "@openrouter/sdk";
import OpenAI from "openai";
import { API_KEY, URL } from "./weir.js";

const TELL = { "X-Weir-Loss": "1" };
const openai = new OpenAI({ baseURL: `${URL}/v1`, apiKey: API_KEY, maxRetries: 0, timeout: 30_000 });
const anthropic = new Anthropic({ baseURL: URL, apiKey: API_KEY, maxRetries: 0, timeout: 30_000 });
const google = new GoogleGenAI({ apiKey: API_KEY, httpOptions: { baseUrl: URL, timeout: 30_000 } });

async function collected(answer) {
  if (!answer[Symbol.asyncIterator]) return [answer];
  const pieces = [];
  for await (const piece of answer) pieces.push(piece);
  return pieces;
}

// A client of OpenAI's or Anthropic's making.
const stainless = (create, prompt) => ({
  async ask(model, words, said, stream) {
    const question = { model, ...prompt(words), ...said, stream };
    const { data, response } = await create(question, { headers: TELL }).withResponse();
    return { answers: await collected(data), headers: response.headers };
  },
});
const turn = (words) => [{ role: "user", content: words }];

// Names in words of two capitals: `toolChoice` for `tool_choice`. Schemas and what stands under them keep theirs.
const KEPT = new Set(["parameters", "schema", "logit_bias", "arguments"]);
function renamed(value, rename) {
  if (Array.isArray(value)) return value.map((part) => renamed(part, rename));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, part]) => [rename(name), KEPT.has(name) ? part : renamed(part, rename)]));
}
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const openrouter = {
  async ask(model, words, said, stream) {
    let headers;
    const httpClient = new HTTPClient();
    httpClient.addHook("response", (response) => { headers = response.headers; });
    const client = new OpenRouter({
      apiKey: API_KEY, serverURL: `${URL}/api/v1`, retryConfig: { strategy: "none" }, timeoutMs: 30_000, httpClient,
    });
    const chatRequest = renamed({ model, messages: turn(words), ...said, stream }, camel);
    const answer = await client.chat.send({ chatRequest }, { headers: TELL });
    const answers = (await collected(answer)).map((piece) => renamed(JSON.parse(JSON.stringify(piece)), snake));
    return { answers, headers };
  },
};

const gemini = {
  async ask(model, words, said, stream) {
    const config = { httpOptions: { headers: TELL }, ...said.config };
    const question = { model, contents: said.contents ?? words, config };
    const models = google.models;
    const answer = stream ? await models.generateContentStream(question) : await models.generateContent(question);
    const answers = await collected(answer);
    return { answers, headers: new Headers(answers[0].sdkHttpResponse.headers) };
  },
};

export const SPEAKERS = {
  chat: stainless((...said) => openai.chat.completions.create(...said), (words) => ({ messages: turn(words) })),
  completions: stainless((...said) => openai.completions.create(...said), (prompt) => ({ prompt })),
  responses: stainless((...said) => openai.responses.create(...said), (input) => ({ input })),
  messages: stainless(
    (...said) => anthropic.messages.create(...said), (words) => ({ max_tokens: 1000, messages: turn(words) })),
  gemini,
  openrouter,
};
