"""A partner's program: signs in, takes on a reseller, waits until it has activated its account, has its customers' phones ring
in Teams, and prints what it costs.

TEAMMATE_URL, TEAMMATE_CLIENT_ID and TEAMMATE_CLIENT_SECRET say where and as whom; the API client needs the role `owner`.
"""

import datetime
import http.server
import os
import sys
import threading

import requests
from authlib.integrations.requests_client import OAuth2Session
from standardwebhooks import Webhook, WebhookVerificationError

URL = os.environ["TEAMMATE_URL"]
email, order_number = sys.argv[1:]

# The service says itself where tokens are.
metadata = requests.get(URL + "/.well-known/oauth-authorization-server", timeout=30).json()
session = OAuth2Session(os.environ["TEAMMATE_CLIENT_ID"], os.environ["TEAMMATE_CLIENT_SECRET"])
session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")


def call(method, path, **request):
    answer = session.request(method, URL + path, timeout=30, **request)
    if not answer.ok:
        problem = answer.json()
        sys.exit(f"{problem['code']}: {problem['detail']} ({problem['request_id']})")
    return answer.json() if answer.content else None


class Receiver(http.server.BaseHTTPRequestHandler):
    """Who receives webhooks checks the signature, answers at once, and works afterwards."""

    secret = ""
    activated = {}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook(self.secret).verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            waiting(event["data"]["subject_id"]).set()
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def waiting(reseller):
    return Receiver.activated.setdefault(reseller, threading.Event())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/"
webhook = call("POST", "/webhooks", json={"url": address, "event_types": ["reseller.activated"]})
Receiver.secret = webhook["signing_secret"]

# The same key gives the same reseller, however often this runs within a day.
order = {"name": "Nordwind", "email": email, "services": ["pbx", "trunk"], "billing_reference": order_number}
reseller = call("POST", "/resellers", json=order, headers={"Idempotency-Key": f"order-{order_number}"})
# As it was then; by now it may have gone on.
reseller = call("GET", f"/resellers/{reseller['id']}")
print(f"{reseller['id']} is {reseller['status']}", flush=True)
if reseller["status"] == "pending":
    waiting(reseller["id"]).wait()
    print(f"{reseller['id']} is active")

# How far each customer is from a phone that rings, and who has to do what.
for enterprise in call("GET", "/enterprises", params={"reseller_id": reseller["id"]})["items"]:
    routing = call("GET", f"/enterprises/{enterprise['id']}/direct-routing")
    for route in routing["routes"]:
        if route["next"]:
            print(f"{enterprise['name']}: {route['region']} needs {route['next']['step']} by {route['next']['by']}")
    if routing["established"]:
        applied = call("POST", f"/enterprises/{enterprise['id']}/users/teams/apply", json={})
        print(f"{enterprise['name']}: {applied['counts']['applied']} ring, {applied['counts']['pending']} are on their way")

period = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m")
report = call("GET", f"/billing-reports/{period}", params={"reseller_id": reseller["id"]})
print(f"{len(report['items'])} billing lines in {period}")
for line in report["items"]:
    print(line["reseller_billing_reference"], line["enterprise_name"], line["service"], line["user_days"])

call("DELETE", f"/webhooks/{webhook['id']}")
