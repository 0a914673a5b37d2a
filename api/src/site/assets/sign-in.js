// Signs a person in for a program with the OAuth 2.0 authorization code grant and PKCE. The code is returned in the fragment.
"use strict";

const asked = new URLSearchParams(location.search);
const form = document.getElementById("form");
const about = document.getElementById("about");
const fault = document.getElementById("fault");
const second = document.getElementById("second");

function refuse(text) {
  form.hidden = true;
  about.className = "bad";
  about.textContent = text;
}

if (asked.get("response_type") !== "code" || asked.get("code_challenge_method") !== "S256") {
  refuse("Nothing asks you to sign in. Open Swagger UI and choose “Sign in” there.");
} else {
  form.elements.email.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  fault.textContent = "";
  const button = form.querySelector("button");
  button.disabled = true;
  const { email, password, code } = form.elements;
  try {
    const response = await fetch("/oauth/authorize", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        client_id: asked.get("client_id") ?? "",
        redirect_uri: asked.get("redirect_uri") ?? "",
        code_challenge: asked.get("code_challenge") ?? "",
        email: email.value,
        password: password.value,
        code: second.hidden || code.value === "" ? null : code.value,
      }),
    });
    const answer = await response.json();
    if (response.ok) {
      // Neither this page nor the code stays in the history.
      location.replace(`${answer.redirect_to}&state=${encodeURIComponent(asked.get("state") ?? "")}`);
      return;
    }
    if (answer.code === "code_needed") {
      second.hidden = false;
      code.required = true;
      code.focus();
    } else {
      fault.textContent = answer.errors[0]?.detail ?? answer.detail;
      (answer.code === "wrong_code" ? code : password).select();
    }
  } catch {
    fault.textContent = "The service can't be reached right now. Try again in a moment.";
  } finally {
    button.disabled = false;
  }
});
