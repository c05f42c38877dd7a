// What the sheets that all languages share are read with: marks put in, places looked up.

import { readFileSync } from "node:fs";

export const WIRES = ["openai", "responses", "anthropic", "gemini", "bedrock", "cohere", "ollama", "replicate"];

export function sheet(name) {
  return JSON.parse(readFileSync(new globalThis.URL(`../${name}`, import.meta.url), "utf8"));
}

// What is said, with the mark in its place.
export function filled(said, mark) {
  if (typeof said === "string") return said.replaceAll("$MARK", mark);
  if (Array.isArray(said)) return said.map((part) => filled(part, mark));
  if (said === null || typeof said !== "object") return said;
  return Object.fromEntries(Object.entries(said).map(([name, part]) => [name, filled(part, mark)]));
}

// All that stands at `messages.*.content`; nothing stands where a step leads nowhere.
export function at(body, path) {
  let found = [body];
  for (const step of path.split(".")) {
    found = found.flatMap((value) => {
      if (Array.isArray(value)) return step === "*" ? value : value.slice(Number(step), Number(step) + 1 || undefined);
      return value?.[step] === undefined || value[step] === null ? [] : [value[step]];
    });
  }
  return found;
}

// Whether what is wanted stands there: the very value, `~` and words in it, `?` for anything, null for nothing.
export function holds(found, wanted) {
  if (wanted === null) return found.length === 0;
  if (wanted === "?") return found.length > 0;
  if (typeof wanted === "string" && wanted.startsWith("~")) {
    return found.some((value) => typeof value === "string" && value.includes(wanted.slice(1)));
  }
  return found.some((value) => same(value, wanted));
}

// Whether two values are the same JSON, in whatever order their members stand.
function same(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
}
