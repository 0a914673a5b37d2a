// The session of Swagger UI: signs in with the OAuth 2.0 authorization code grant and PKCE, keeps the tokens in this browser,
// refreshes them before they run out, and signs out. Tabs share it.

const KEPT = "teammate.session";
const PENDING = "teammate.signing-in";
const REDIRECT = `${location.origin}/swagger-ui/oauth2-redirect.html`;
const CLIENT = "swagger-ui";

const base64url = (octets) =>
  btoa(String.fromCharCode(...octets)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** The stored session, or null. */
export function current() {
  try {
    return JSON.parse(localStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function keep(tokens) {
  const session = { ...tokens, ends: Date.now() + tokens.expires_in * 1000 };
  localStorage.setItem(KEPT, JSON.stringify(session));
  return session;
}

/** Redirects to the sign-in page. */
export async function begin() {
  const [state, verifier] = [random(), random()];
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  sessionStorage.setItem(PENDING, JSON.stringify({ state, verifier, back: location.hash }));
  const asked = new URLSearchParams({
    response_type: "code",
    response_mode: "fragment",
    client_id: CLIENT,
    redirect_uri: REDIRECT,
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.assign(`/sign-in?${asked}`);
}

/** Exchanges the code for tokens. Returns the address to go back to. */
export async function finish(code, state) {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  if (pending === null || pending.state !== state) {
    throw new Error("This sign-in was not started in this tab. Choose “Sign in” in Swagger UI.");
  }
  const grant = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: pending.verifier };
  const tokens = await token(grant);
  await navigator.locks.request(KEPT, () => keep(tokens));
  return `/swagger-ui/${pending.back}`;
}

async function token(grant) {
  const body = new URLSearchParams({ ...grant, client_id: CLIENT });
  const response = await fetch("/oauth/token", { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) {
    throw Object.assign(new Error(answer.detail), { over: answer.error === "invalid_grant" });
  }
  return answer;
}

/** The e-mail address of whoever has this access token. It is not stored. */
export async function whoIs(accessToken) {
  const response = await fetch("/me", { headers: { Authorization: `Bearer ${accessToken}` } });
  return response.ok ? (await response.json()).email : "";
}

/**
 * The session with a token that works for a while, or null when it is over; looked at anew when a token was refused. Tabs take turns,
 * because each refresh token works once.
 */
export function refreshed(refused = null) {
  return navigator.locks.request(KEPT, async () => {
    const session = current();
    if (session === null) return null;
    if (session.ends - Date.now() > 60_000 && session.access_token !== refused) return session;
    try {
      return keep(await token({ grant_type: "refresh_token", refresh_token: session.refresh_token }));
    } catch (error) {
      if (!error.over) return session;
      localStorage.removeItem(KEPT);
      return null;
    }
  });
}

/** Ends the session in this browser and at the service. */
export async function end() {
  const session = await navigator.locks.request(KEPT, () => {
    const ended = current();
    localStorage.removeItem(KEPT);
    return ended;
  });
  if (session !== null) {
    // The page does not wait for it. Without a connection, the session ends in this browser alone, and at the service when
    // its time is over.
    fetch("/auth/logout", {
      method: "POST",
      // It is sent even if the page is left meanwhile.
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: session.refresh_token }),
    }).catch(() => {});
  }
}
