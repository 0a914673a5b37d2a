// Takes the code that the sign-in page gave, exchanges it for tokens and goes back to where the reader was.
import { finish } from "./session.js";

const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname);

try {
  location.replace(await finish(given.get("code") ?? "", given.get("state") ?? ""));
} catch (error) {
  const about = document.getElementById("about");
  about.className = "bad";
  about.textContent = error.message;
}
