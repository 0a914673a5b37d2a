// Redeems a single-use link from an e-mail: reads the token from the fragment, shows what it is for and asks for a password.
"use strict";

const { preview, redeem } = document.body.dataset;
const about = document.getElementById("about");
const form = document.getElementById("form");
const fault = document.getElementById("fault");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

// Keeps the token out of the history, bookmarks and the address bar.
history.replaceState(null, "", location.pathname);
// Opening another link in this tab changes only the fragment.
addEventListener("hashchange", () => location.reload());

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { ok: response.ok, body: text === "" ? null : JSON.parse(text) };
}

function bad(text) {
  about.className = "bad";
  about.textContent = text;
  form.hidden = true;
}

function dead() {
  bad(
    "This link does not work: it was used already, has expired, or was replaced by a newer e-mail. " +
      "If you have set your password, just sign in. Otherwise ask for a new e-mail.",
  );
}

function unreachable() {
  bad("The service can't be reached right now. Open the link from your e-mail again in a moment.");
}

async function start() {
  if (token === "") return bad("Open the link from your e-mail again. If you have set your password, just sign in.");
  if (!preview) {
    about.textContent = "Choose the password that you will sign in with.";
  } else {
    const answer = await post(preview, { token });
    if (!answer.ok) return answer.body?.code === "invalid_token" ? dead() : unreachable();
    const { name, email, status } = answer.body;
    about.textContent = `You ${status === "pending" ? "activate" : "join"} ${name} and will sign in as ${email}.`;
  }
  form.hidden = false;
  document.getElementById("password").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = form.elements.password.value;
  fault.textContent = "";
  if (password !== form.elements.repeat.value) {
    fault.textContent = "The two passwords differ.";
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await post(redeem, { token, password });
    if (answer.ok) {
      form.hidden = true;
      about.textContent = "Done. You can sign in with your e-mail address and this password now.";
    } else if (answer.body.code === "invalid_token") {
      dead();
    } else {
      fault.textContent = answer.body.errors[0]?.detail ?? answer.body.detail;
    }
  } catch {
    fault.textContent = "The service can't be reached right now. Try again in a moment.";
  } finally {
    button.disabled = false;
  }
});

start().catch(unreachable);
