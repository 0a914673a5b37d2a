// A partner's program: signs in, takes on a reseller, waits until it has activated its account, has its customers' phones
// ring in Teams, and prints what it costs.
// TEAMMATE_URL, TEAMMATE_CLIENT_ID and TEAMMATE_CLIENT_SECRET say where and as whom; the API client needs the role `owner`.
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as oauth from "openid-client";
import { Webhook } from "standardwebhooks";

const { TEAMMATE_URL, TEAMMATE_CLIENT_ID, TEAMMATE_CLIENT_SECRET } = process.env as Record<string, string>;
const [email, orderNumber] = process.argv.slice(2);

// The service says itself where tokens are. Plain HTTP is for this computer only.
const execute = TEAMMATE_URL.startsWith("http://127.0.0.1") ? [oauth.allowInsecureRequests] : [];
const discovery = { algorithm: "oauth2" as const, execute };
const config = await oauth.discovery(new URL(TEAMMATE_URL), TEAMMATE_CLIENT_ID, TEAMMATE_CLIENT_SECRET, undefined, discovery);
const { access_token } = await oauth.clientCredentialsGrant(config);

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<any> {
  const sent = { authorization: `Bearer ${access_token}`, "content-type": "application/json", ...headers };
  const answer = await fetch(TEAMMATE_URL + path, { method, headers: sent, body: JSON.stringify(body) });
  const result = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(`${result.code}: ${result.detail} (${result.request_id})`);
  return result;
}

// Who receives webhooks checks the signature, answers at once, and works afterwards.
const activated = new Set<string>();
let signingSecret = "";
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    const event = new Webhook(signingSecret).verify(body, request.headers as Record<string, string>) as any;
    activated.add(event.data.subject_id);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(0, "127.0.0.1");
await once(receiver, "listening");
const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
const webhook = await call("POST", "/webhooks", { url, event_types: ["reseller.activated"] });
signingSecret = webhook.signing_secret;

// The same key gives the same reseller, however often this runs within a day.
const order = { name: "Nordwind", email, services: ["pbx", "trunk"], billing_reference: orderNumber };
const { id } = await call("POST", "/resellers", order, { "idempotency-key": `order-${orderNumber}` });
// As it was then; by now it may have gone on.
const { status } = await call("GET", `/resellers/${id}`);
console.log(`${id} is ${status}`);
if (status === "pending") {
  while (!activated.has(id)) await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(`${id} is active`);
}

// How far each customer is from a phone that rings, and who has to do what.
for (const enterprise of (await call("GET", `/enterprises?reseller_id=${id}`)).items) {
  const routing = await call("GET", `/enterprises/${enterprise.id}/direct-routing`);
  for (const { region, next } of routing.routes) {
    if (next) console.log(`${enterprise.name}: ${region} needs ${next.step} by ${next.by}`);
  }
  if (!routing.established) continue;
  const { counts } = await call("POST", `/enterprises/${enterprise.id}/users/teams/apply`, {});
  console.log(`${enterprise.name}: ${counts.applied} ring, ${counts.pending} are on their way`);
}

const period = new Date().toISOString().slice(0, 7);
const report = await call("GET", `/billing-reports/${period}?reseller_id=${id}`);
console.log(`${report.items.length} billing lines in ${period}`);
for (const line of report.items) console.log(line.reseller_billing_reference, line.enterprise_name, line.service, line.user_days);

await call("DELETE", `/webhooks/${webhook.id}`);
receiver.close();
