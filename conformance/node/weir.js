// Where weir and its vendor are, as `cargo x test` says, and what every suite asks of them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

// What the fake vendors say where nothing else is asked of them, and the tokens in it: one a word.
export const TEXT = "The quick brown fox jumps over the lazy dog.";
export const TOKENS = 9;
export const FAMILIES = ["openai", "responses", "anthropic", "gemini"];
// OpenAI's Responses have no word for stop sequences, and show thoughts only where a summary is asked for, for which
// Anthropic's clients have no word.
export const STOPPING = FAMILIES.filter((family) => family !== "responses");
export const THINKING = STOPPING;

export const URL = variable("WEIR_URL");
export const API_KEY = variable("WEIR_API_KEY");
export const MANAGEMENT_KEY = variable("WEIR_MANAGEMENT_KEY");
export const LIMITED_KEY = variable("WEIR_LIMITED_KEY");
export const UNKNOWN_KEY = `sk-or-v1-${"0".repeat(64)}`;
const VENDOR_URL = variable("VENDOR_URL");

// One red pixel.
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
export const IMAGE_URL = "https://images.example/cat.png";

// What a stream cut anywhere could break: two to four bytes a character, joined emoji, quotes, line ends.
export const SCRIPTS =
  'größer \u2028 “naïve” \\"quoted\\" 東京 привет 👩‍👩‍👧 🇩🇪 \t tab\n\nnew lines data: [DONE] end';

export const WEATHER = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const CLOCK = {
  type: "object",
  properties: { zone: { type: "string" } },
  required: ["zone"],
  additionalProperties: false,
};

// In OpenAI's form, which OpenRouter's clients share.
export const FUNCTION_TOOLS = [
  { type: "function", function: { name: "weather", description: "The weather.", parameters: WEATHER } },
  { type: "function", function: { name: "clock", description: "The time.", parameters: CLOCK } },
];

function variable(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set; \`cargo x test --only conformance\` sets it`);
  return value;
}

// A prompt that no other test sends.
export function marked(words = "Tell me about rivers.") {
  return `${words} [${randomUUID()}]`;
}

// The one request in which the healthy vendor was sent `mark`.
export async function seenByVendor(mark) {
  // What stands in brackets is nobody else's, and the same in every encoding.
  const [, word] = mark.match(/\[([0-9a-f-]{36})\]$/);
  const found = await (await fetch(`${VENDOR_URL}/_testbed/requests?with=${word}`)).json();
  assert.equal(found.length, 1, `${found.length} requests reached the vendor`);
  return { images: found[0].images, text: found[0].body, body: JSON.parse(found[0].body) };
}

export function count(text, part) {
  return text.split(part).length - 1;
}

// The record of a served request, once it is as awaited: it is written behind the answer.
export async function generation(id, until = () => true) {
  let last;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(`${URL}/api/v1/generation?id=${id}`, {
      headers: { authorization: `Bearer ${API_KEY}` },
    });
    last = await answer.json();
    if (answer.status === 200 && until(last.data)) {
      return last.data;
    }
    await pause(50);
  }
  throw new assert.AssertionError({ message: `no such record of ${id} in 10 s; last: ${JSON.stringify(last)}` });
}

export async function assertWeirIsWell() {
  assert.equal((await fetch(`${URL}/health`)).status, 200);
  assert.equal((await fetch(`${URL}/ready`)).status, 200);
}

// USD a token, as crates/xtask/src/conformance/settings.rs has them.
export function assertCost(cost, prompt, completion, cached = 0) {
  const expected = (prompt - cached) * 0.000001 + cached * 0.0000001 + completion * 0.000002;
  assert.ok(Math.abs(cost - expected) < 1e-12, `${cost} instead of ${expected}`);
}

// What was said before a stream broke: something, and not all.
export function assertBeginning(said) {
  assert.ok(said.length > 0 && TEXT.startsWith(said) && said !== TEXT, `said ${JSON.stringify(said)}`);
}

// The error that a promise ends with.
export async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "no error was thrown" });
}
