// What reaches a client of what a vendor says beside its words, by the sheet that all languages share:
// python/test_said.py says how it is read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { at, filled, holds, sheet } from "./sheets.js";
import { SPEAKERS } from "./speakers.js";
import { marked } from "./weir.js";

for (const entry of sheet("said.json").answers) {
  // OpenRouter's client speaks the chat dialect, but for what it has no words for.
  const alike = entry.heard.chat && !entry.not_for?.includes("openrouter") ? ["openrouter"] : [];
  for (const dialect of [...Object.keys(entry.heard), ...alike]) {
    const words = dialect === "openrouter" ? "chat" : dialect;
    for (const wire of entry.wires) {
      for (const [way, stream] of [["heard", false], ["streamed", true]]) {
        test(`${entry.name}: ${dialect} on ${wire}, ${stream ? "streamed" : "whole"}`, async () => {
          const said = filled(entry.asked?.[words] ?? {}, marked());
          const { answers } = await SPEAKERS[dialect].ask(`test/${wire}${entry.mood}`, marked(), said, stream);
          for (const [path, wanted] of Object.entries(entry[way][words])) {
            const found = answers.flatMap((piece) => at(piece, path));
            assert.ok(holds(found, wanted), `${path} is ${JSON.stringify(found)} in ${JSON.stringify(answers).slice(0, 3000)}`);
          }
        });
      }
    }
  }
}
