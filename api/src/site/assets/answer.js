// Answers for an old address: reads the token of the link from the fragment, and sends it with the button that is pressed.
"use strict";

const about = document.getElementById("about");
const form = document.getElementById("form");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

// Keeps the token out of the history, bookmarks and the address bar.
history.replaceState(null, "", location.pathname);
// Opening another link in this tab changes only the fragment.
addEventListener("hashchange", () => location.reload());

const done = {
  changed: (name) => `Done. The address of ${name} has changed.`,
  waits_for_confirmation: (name) => `Thank you. The address of ${name} changes when the new one is confirmed.`,
  cancelled: (name) => `The change is stopped. The address of ${name} stays as it is.`,
};

function bad(text) {
  about.className = "bad";
  about.textContent = text;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const agree = event.submitter?.value === "agree";
  const buttons = form.querySelectorAll("button");
  buttons.forEach((button) => (button.disabled = true));
  try {
    const response = await fetch("/activations/email-changes/answer", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, agree }),
    });
    const answer = await response.json();
    if (response.ok) {
      form.hidden = true;
      about.className = "";
      about.textContent = done[answer.state](answer.name);
    } else if (answer.code === "invalid_token" || answer.code === "validation_failed") {
      form.hidden = true;
      bad("This link does not work: it was used already, has expired, or was replaced by a newer e-mail.");
    } else {
      bad(answer.detail);
    }
  } catch {
    bad("The service can't be reached right now. Try again in a moment.");
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
});

if (token === "") {
  form.hidden = true;
  bad("Open the link from your e-mail again.");
}
