// Confirms a new address: reads the token of the link from the fragment, and sends it when the button is pressed.
"use strict";

const about = document.getElementById("about");
const form = document.getElementById("form");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

// Keeps the token out of the history, bookmarks and the address bar.
history.replaceState(null, "", location.pathname);
// Opening another link in this tab changes only the fragment.
addEventListener("hashchange", () => location.reload());

const done = {
  changed: ({ name, email }) => `Done. From now on you sign in to ${name} as ${email}.`,
  waits_for_consent: ({ name }) => `Thank you. The address of ${name} changes when the old one has agreed.`,
  waits_for_pause: ({ effective_from }) =>
    `Thank you. The old address has time to stop the change: open the link again after ${new Date(effective_from).toLocaleString()}.`,
};

function bad(text) {
  about.className = "bad";
  about.textContent = text;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch("/activations/email-changes", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    const answer = await response.json();
    if (response.ok) {
      form.hidden = true;
      about.className = "";
      about.textContent = done[answer.state](answer);
    } else if (answer.code === "invalid_token" || answer.code === "validation_failed") {
      form.hidden = true;
      bad("This link does not work: it was used already, has expired, or was replaced by a newer e-mail.");
    } else {
      bad(answer.detail);
    }
  } catch {
    bad("The service can't be reached right now. Try again in a moment.");
  } finally {
    button.disabled = false;
  }
});

if (token === "") {
  form.hidden = true;
  bad("Open the link from your e-mail again.");
}
