// Every official client before vendors whose wires no official client here speaks: Bedrock's, Cohere's and Ollama's.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import {
  API_KEY, CLOCK, FUNCTION_TOOLS, TEXT, TOKENS, URL, WEATHER, assertBeginning, errorOf,
} from "./weir.js";

const WIRES = ["bedrock", "cohere", "ollama"];
const BOTH = [["weather", { city: "text" }], ["clock", { zone: "text" }]];
const WORDS = "Tell me about rivers.";

const openai = new OpenAI({ baseURL: `${URL}/v1`, apiKey: API_KEY, maxRetries: 0, timeout: 30_000 });
const anthropic = new Anthropic({ baseURL: URL, apiKey: API_KEY, maxRetries: 0, timeout: 30_000 });
const google = new GoogleGenAI({ apiKey: API_KEY, httpOptions: { baseUrl: URL, timeout: 30_000 } });

const named = (call) => [call.name, JSON.parse(call.arguments)];

// A client: `whole` gives the text, the calls and the tokens of an answer, `pieces` the text of a stream.
const CLIENTS = {
  chat: {
    tools: { tools: FUNCTION_TOOLS },
    ask: (model, more) => ({ model, messages: [{ role: "user", content: WORDS }], ...more }),
    async whole(model, more) {
      const { choices: [{ message }], usage } = await openai.chat.completions.create(this.ask(model, more));
      const calls = (message.tool_calls ?? []).map((call) => named(call.function));
      return [message.content ?? "", calls, usage.completion_tokens];
    },
    async *pieces(model) {
      for await (const chunk of await openai.chat.completions.create(this.ask(model, { stream: true }))) {
        yield chunk.choices[0]?.delta.content ?? "";
      }
    },
  },
  responses: {
    tools: { tools: FUNCTION_TOOLS.map((tool) => ({ type: "function", strict: true, ...tool.function })) },
    ask: (model, more) => ({ model, input: WORDS, ...more }),
    async whole(model, more) {
      const response = await openai.responses.create(this.ask(model, more));
      const calls = response.output.filter((item) => item.type === "function_call");
      return [response.output_text, calls.map(named), response.usage.output_tokens];
    },
    async *pieces(model) {
      for await (const event of await openai.responses.create(this.ask(model, { stream: true }))) {
        if (event.type === "response.output_text.delta") yield event.delta;
        // The client throws nothing: the end says it.
        if (event.type === "response.failed") throw new Error(event.response.error.message);
      }
    },
  },
  messages: {
    tools: { tools: [{ name: "weather", input_schema: WEATHER }, { name: "clock", input_schema: CLOCK }] },
    ask: (model, more) => ({ model, max_tokens: 1000, messages: [{ role: "user", content: WORDS }], ...more }),
    async whole(model, more) {
      const { content, usage } = await anthropic.messages.create(this.ask(model, more));
      const text = content.map((block) => block.text ?? "").join("");
      const calls = content.filter((block) => block.type === "tool_use").map(({ name, input }) => [name, input]);
      return [text, calls, usage.output_tokens];
    },
    async *pieces(model) {
      for await (const event of await anthropic.messages.create(this.ask(model, { stream: true }))) {
        if (event.type === "content_block_delta") yield event.delta.text ?? "";
      }
    },
  },
  gemini: {
    tools: {
      tools: [{
        functionDeclarations: [
          { name: "weather", parametersJsonSchema: WEATHER }, { name: "clock", parametersJsonSchema: CLOCK },
        ],
      }],
    },
    ask: (model, config) => ({ model, contents: WORDS, config }),
    async whole(model, config) {
      const answer = await google.models.generateContent(this.ask(model, config));
      const parts = answer.candidates[0].content.parts.filter((part) => !part.thought);
      const calls = (answer.functionCalls ?? []).map(({ name, args }) => [name, args]);
      return [parts.map((part) => part.text ?? "").join(""), calls, answer.usageMetadata.candidatesTokenCount];
    },
    async *pieces(model) {
      for await (const chunk of await google.models.generateContentStream(this.ask(model))) yield chunk.text ?? "";
    },
  },
};

for (const [name, client] of Object.entries(CLIENTS)) {
  for (const wire of WIRES) {
    test(`${name} on ${wire}: a question is answered whole and streamed`, async () => {
      assert.deepEqual(await client.whole(`test/${wire}`), [TEXT, [], TOKENS]);
      const pieces = [];
      for await (const piece of client.pieces(`test/${wire}`)) pieces.push(piece);
      assert.equal(pieces.join(""), TEXT);
      assert.ok(pieces.filter(Boolean).length > 1, "it came in one piece");
    });

    test(`${name} on ${wire}: tools are called side by side`, async () => {
      const [, calls] = await client.whole(`test/${wire}-tools`, client.tools);
      assert.deepEqual(calls, BOTH);
    });

    test(`${name} on ${wire}: a vendor's rate limit is passed on`, async () => {
      assert.equal((await errorOf(client.whole(`test/${wire}-limited`))).status, 429);
    });

    for (const mood of ["cut", "erring"]) {
      test(`${name} on ${wire}: a stream that breaks off (${mood}) throws after what was said`, async () => {
        let said = "";
        await errorOf((async () => {
          for await (const piece of client.pieces(`test/${wire}-${mood}`)) said += piece;
        })());
        assertBeginning(said);
      });
    }
  }
}
