// The journey of a reseller through a client that is generated from openapi.yaml: a partner is taken on, activates its account, and
// takes a reseller from its creation to its end. Every answer is checked by the compiler against the document.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "#schema";

const [baseUrl, operator, password, mailbox] = process.argv.slice(2) as [string, string, string, string];
type Tokens = components["schemas"]["Tokens"];

/** A client that sends an access token, if there is one. */
function client(tokens?: Tokens) {
  const made = createClient<paths>({ baseUrl });
  const authorise: Middleware = {
    onRequest({ request }) {
      if (tokens) request.headers.set("Authorization", `Bearer ${tokens.access_token}`);
      return request;
    },
  };
  made.use(authorise);
  return made;
}

/** The answer, or an error that says what the problem was. */
function expect<T>(outcome: { data?: T; error?: { code?: string; detail?: string }; response: Response }): T {
  const { data, error, response } = outcome;
  if (!response.ok || error !== undefined) {
    throw new Error(`${response.url}: ${response.status} ${error?.code}: ${error?.detail}`);
  }
  return data as T;
}

/** The token of the newest link that was sent to an address. */
async function linkFor(email: string, known: Set<string>): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    for (const file of (await readdir(mailbox)).filter((name) => name.endsWith(".eml") && !known.has(name))) {
      const text = (await readFile(join(mailbox, file), "utf8")).replaceAll("=\r\n", "").replaceAll("=3D", "=");
      const token = /#token=([\w-]{43})/.exec(text)?.[1];
      if (text.includes(`To: ${email}`) && token !== undefined) {
        known.add(file);
        return token;
      }
    }
    await setTimeout(50);
  }
  throw new Error(`nothing was sent to ${email}`);
}

const key = () => ({ "Idempotency-Key": crypto.randomUUID() });
const seen = new Set<string>();
const anyone = client();

async function signIn(email: string) {
  return expect(await anyone.POST("/auth/login", { body: { email, password } }));
}

// A partner asks to be taken on, and support staff do so.
const ticket = expect(
  await anyone.POST("/support-tickets", {
    params: { header: key() },
    body: {
      subject: "Add to TeamMate Portal",
      partner_company_name: "Contoso Telecom",
      first_name: "Ann",
      last_name: "Example",
      email: "ann@contoso.example",
    },
  }),
);
const staff = client(await signIn(operator));
const tickets = expect(await staff.GET("/support-tickets", { params: { query: { status: "open" } } }));
assert.deepEqual(tickets.items.map((item) => item.id), [ticket.id]);
const ofTicket = { params: { path: { ticket_id: ticket.id } } };
expect(await staff.GET("/support-tickets/{ticket_id}", ofTicket));
expect(await staff.POST("/support-tickets/{ticket_id}/approve", { params: { ...ofTicket.params, header: key() } }));

// The partner activates its account and signs in.
const token = await linkFor("ann@contoso.example", seen);
const preview = expect(await anyone.POST("/activations/preview", { body: { token } }));
assert.equal(preview.name, "Contoso Telecom");
expect(await anyone.POST("/activations", { body: { token, password } }));
const first = await signIn("ann@contoso.example");
const tokens = expect(await anyone.POST("/auth/refresh", { body: { refresh_token: first.refresh_token } }));
const partner = client(tokens);
const me = expect(await partner.GET("/me"));
assert.equal(me.account.type, "master_reseller");

// A reseller is created once, however often it is asked for.
const header = key();
const body = {
  name: "Nordwind Telefonie GmbH",
  email: "office@nordwind.example",
  services: ["pbx", "trunk"] as components["schemas"]["ServiceView"][],
  billing_reference: "CUST-4711",
};
const reseller = expect(await partner.POST("/resellers", { params: { header }, body }));
const again = expect(await partner.POST("/resellers", { params: { header }, body }));
assert.equal(again.id, reseller.id);
const path = { reseller_id: reseller.id };
const list = expect(await partner.GET("/resellers", { params: { query: { q: "nordwind", limit: 10 } } }));
assert.deepEqual([list.items.map((item) => item.id), list.next_cursor], [[reseller.id], null]);

// It is read, changed under a condition, and its e-mail sent again.
const read = await partner.GET("/resellers/{reseller_id}", { params: { path } });
assert.equal(expect(read).status, "pending");
const etag = read.response.headers.get("ETag") ?? "";
const changed = expect(
  await partner.PATCH("/resellers/{reseller_id}", {
    params: { path, header: { "If-Match": etag } },
    body: { name: "Nordwind GmbH" },
  }),
);
assert.equal(changed.name, "Nordwind GmbH");
const stale = await partner.PATCH("/resellers/{reseller_id}", {
  params: { path, header: { "If-Match": etag } },
  body: { name: "Another" },
});
assert.equal(stale.error?.code, "precondition_failed");
await linkFor(body.email, seen);
expect(await partner.POST("/resellers/{reseller_id}/resend-activation", { params: { path, header: key() } }));
const link = await linkFor(body.email, seen);
expect(await anyone.POST("/activations", { body: { token: link, password } }));

// Its life, to the end.
const suspended = expect(await partner.POST("/resellers/{reseller_id}/suspend", { params: { path } }));
assert.equal(suspended.status, "suspended");
expect(await partner.POST("/resellers/{reseller_id}/resume", { params: { path } }));
const moved = await partner.POST("/resellers/{reseller_id}/change-email", {
  params: { path, header: key() },
  body: { email: "new@nordwind.example", password },
});
assert.equal(expect(moved).needs_consent, true);
const consent = await linkFor("office@nordwind.example", seen);
expect(await anyone.POST("/activations/email-changes/answer", { body: { token: consent, agree: true } }));
const confirmation = await linkFor("new@nordwind.example", seen);
const confirmed = expect(await anyone.POST("/activations/email-changes", { body: { token: confirmation } }));
assert.equal(confirmed.state, "changed");
const blockers = expect(await partner.GET("/resellers/{reseller_id}/closing-blockers", { params: { path } }));
assert.equal(blockers.total, 0);
expect(await partner.DELETE("/resellers/{reseller_id}", { params: { path } }));
const closed = expect(await partner.GET("/resellers/{reseller_id}", { params: { path } }));
assert.equal(closed.status, "closed");
expect(await anyone.POST("/auth/logout", { body: { refresh_token: tokens.refresh_token } }));
console.log(`${closed.name}: ${closed.status}`);
