// What reaches a vendor of what a client asks, by the sheet that all languages share: python/test_sent.py says how it
// is read. The clients for Python ask at every wire; these, which are other code in front of the same Weir, at that of
// their own dialect and at one more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { WIRES, at, filled, holds, sheet } from "./sheets.js";
import { SPEAKERS } from "./speakers.js";
import { errorOf, marked, seenByVendor } from "./weir.js";

const OWN = {
  chat: "openai", completions: "openai", openrouter: "openai", responses: "responses", messages: "anthropic",
  gemini: "gemini",
};

// What an entry says of a client before a wire.
function of(entry, kind, dialect, wire) {
  const said = entry[kind] ?? {};
  return said[`${dialect === "openrouter" ? "chat" : dialect}>${wire}`] ?? said[wire];
}

for (const [number, entry] of sheet("sent.json").requests.entries()) {
  const clients = { openrouter: entry.asked.chat, ...entry.asked };
  for (const [place, [dialect, said]] of Object.entries(clients).entries()) {
    if (!said) continue;
    for (const wire of new Set([OWN[dialect], WIRES[(number + place) % WIRES.length]])) {
      test(`${entry.name}: ${dialect} at ${wire}`, async () => {
        const [sent, lost] = [of(entry, "sent", dialect, wire), of(entry, "lost", dialect, wire) ?? []];
        const mark = marked("Well?");
        const asking = SPEAKERS[dialect].ask(`test/${wire}`, mark, filled(said, mark), (number + place) % 2 === 1);
        const refused = of(entry, "refused", dialect, wire);
        if (refused && !sent) {
          const error = await errorOf(asking);
          assert.equal(error.status ?? error.statusCode, 400, error);
          assert.ok(error.message.includes(refused), error.message);
          return;
        }
        assert.ok(sent || lost.length > 0, "the sheet says nothing of this");
        const { headers } = await asking;
        const { body } = await seenByVendor(mark);
        for (const [path, wanted] of Object.entries(filled(sent ?? {}, mark))) {
          assert.ok(holds(at(body, path), wanted), `${path} is ${JSON.stringify(at(body, path))} in ${JSON.stringify(body)}`);
        }
        const named = headers.get("x-weir-loss").split(", ").map((loss) => loss.split(";")[0]);
        if (lost.length === 0) assert.deepEqual(named, ["none"]);
        for (const name of lost) assert.ok(named.some((loss) => loss.includes(name)), `${name} is not among ${named}`);
      });
    }
  }
}
