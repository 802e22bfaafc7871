// The README's tour, told with the types that openapi-typescript made (in schema.d.ts, beside this file).
// Called with an address and the tokens of a seller, of another seller, of their head and of an auditor.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Lifecycle = components["schemas"]["Lifecycle"];

const [address, ...tokens] = process.argv.slice(2);
assert(address !== undefined);

const [boris, anna, head, auditor] = tokens.map((token) =>
  createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } }),
);
assert(boris !== undefined && anna !== undefined && head !== undefined && auditor !== undefined);

const found = await boris.GET("/clients", { params: { query: { q: "лебедев петр" } } });
const petr = found.data?.items[0];
assert(petr !== undefined);
assert.equal(petr.name, "Пётр Лебедев");
assert.equal(petr.owner_id, null);
const client_id = petr.client_id;

const part = await boris.GET("/clients", { params: { query: { q: "лебедев петр", fields: ["name"] } } });
assert.deepEqual(part.data?.items, [{ client_id, name: "Пётр Лебедев" }]);

const claimed = await boris.POST("/commands/claim-client", { body: { client_id } });
assert.deepEqual(claimed.data?.events.map((event) => event.topic), ["client.claimed"]);

const late = await anna.POST("/commands/claim-client", { body: { client_id } });
assert.equal(late.error?.code, "client-owned");
assert.equal(late.response.status, 409);

const incomplete = await boris.POST("/commands/record-activity", {
  body: {
    client_id,
    channel: "meeting",
    direction: "outbound",
    contact_name: "Пётр Лебедев",
    contact_data: "+7 903 111-22-33",
    topic: "Весы",
  },
});
assert.deepEqual(incomplete.error?.errors?.map((problem) => problem.pointer), ["/result"]);

const noted = await boris.POST("/commands", {
  body: {
    atomic: true,
    commands: [
      { command: "note-client", data: { client_id, text: "Звонить до обеда" } },
      // @ts-expect-error Another command has other fields.
      { command: "claim-client", data: { client_id, text: "Просил счёт" } },
    ],
  },
});
assert.equal(noted.response.status, 409);
assert.equal(noted.error?.code, "batch-refused");

const board = await head.GET("/pipeline", {});
const pipeline_id = board.data?.pipeline_id;
assert(pipeline_id !== undefined);
const opened = await boris.POST("/commands/open-deal", {
  params: { header: { "Idempotency-Key": "tour in TypeScript" } },
  body: {
    deal_id: randomUUID(),
    client_id,
    title: "Весы на рынок",
    pipeline_id,
    amount: { amount: "250000", currency: "RUB" },
  },
});
assert(opened.data !== undefined);
const won = await boris.POST("/commands/win-deal", { body: { deal_id: opened.data.stream_id } });
assert(won.data !== undefined);

const min_position = won.data.position;
const card = await boris.GET("/clients/{client_id}", { params: { path: { client_id }, query: { min_position } } });
const lifecycle: Lifecycle | null | undefined = card.data?.lifecycle;
assert.equal(lifecycle, "customer");
assert.equal(card.data?.owner?.name, "Борис Громов");

const history = await auditor.GET("/clients/{client_id}/history", {
  params: { path: { client_id }, query: { limit: 2 } },
});
assert.deepEqual(history.data?.items.map((entry) => entry.topic), ["client.registered", "client.claimed"]);
console.log("The tour is told.");
