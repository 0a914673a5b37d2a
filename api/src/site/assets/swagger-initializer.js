// Starts Swagger UI, with a bar above it that shows the environment and who is signed in.

// Shows SVG responses as images. Swagger UI does so by itself for all other image formats.
const SvgAsPicture = ({ React }) => ({
  wrapComponents: {
    responseBody: (Original) => (props) =>
      props.contentType?.startsWith("image/svg") && typeof props.content === "string"
        ? React.createElement("img", {
            alt: "The picture of this answer",
            className: "full-width",
            src: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(props.content),
          })
        : React.createElement(Original, props),
  },
});

/** An element with properties and children. */
function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function withExamples(examples) {
  let text = await (await fetch("/openapi.json")).text();
  for (const [shown, real] of Object.entries(examples)) text = text.replaceAll(shown, real);
  return JSON.parse(text);
}

window.onload = async () => {
  const [session, place] = await Promise.all([
    import("/swagger-ui/session.js"),
    fetch("/swagger-ui/environment.json").then((response) => response.json()),
  ]);
  document.head.append(element("link", { rel: "stylesheet", href: "/swagger-ui/bar.css" }));
  const who = element("span", { id: "who" });
  const button = element("button", { id: "session", type: "button" });
  const about = element("strong", { id: "place", textContent: place.banner });
  const mail = place.mail === null ? [] : [element("a", { href: place.mail, target: "mail", textContent: "Mail" })];
  document.body.prepend(element("header", { id: "bar", className: place.environment }, about, ...mail, who, button));

  const bearer = (kept) => `Bearer ${kept.access_token}`;
  // The headers with tokens of the session, the addresses that were asked with them last, and the token that is shown as signed
  // in; nothing was shown yet.
  const given = new Set();
  const asked = new Set();
  let shown;
  const absolute = (address) => new URL(address, location.href).href;

  // A demo has something for each id that the document shows, so that what is tried out works.
  const source = place.examples === null ? { url: "/openapi.json" } : { spec: await withExamples(place.examples) };
  const ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    ...source,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "none",
    filter: true,
    layout: "StandaloneLayout",
    tryItOutEnabled: true,
    validatorUrl: "none",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, SvgAsPicture],
    // Requests with a token of the session get one that still works; a token of somebody's own stays as it is.
    requestInterceptor: async (request) => {
      asked.delete(absolute(request.url));
      if (!given.has(request.headers?.Authorization)) return request;
      asked.add(absolute(request.url));
      const kept = await session.refreshed();
      if (kept !== null) request.headers.Authorization = bearer(kept);
      show(kept);
      return request;
    },
    // A session that was ended elsewhere shows as soon as it is used.
    responseInterceptor: async (response) => {
      const kept = session.current();
      if (response.status === 401 && asked.has(response.url) && kept !== null && shown === kept.access_token) {
        show(await session.refreshed(kept.access_token));
      }
      return response;
    },
    onComplete: async () => {
      if (!window.isSecureContext) {
        who.textContent = "Signing in requires HTTPS or localhost.";
        button.hidden = true;
        return;
      }
      show(await session.refreshed());
      // The user signed in or out in another tab.
      window.addEventListener("storage", () => show(session.current()));
      setInterval(async () => show(await session.refreshed()), 30_000);
    },
  });
  window.ui = ui;

  function show(kept) {
    const token = kept?.access_token ?? null;
    if (token === shown) return;
    const ended = token === null && typeof shown === "string";
    shown = token;
    who.textContent = "";
    if (kept !== null) {
      session.whoIs(token).then((email) => {
        if (shown === token) who.textContent = email;
      }, () => {});
    }
    button.textContent = kept === null ? "Sign in" : "Sign out";
    button.onclick = kept === null ? session.begin : signOut;
    // A token of somebody's own, given at "Authorize", stays until it is taken back there.
    const authorized = ui.authSelectors.authorized()?.getIn(["bearer", "value"]);
    const own = authorized !== undefined && !given.has(`Bearer ${authorized}`);
    if (kept !== null) given.add(bearer(kept));
    if (own) return;
    if (kept === null) {
      ui.authActions.logout(["bearer"]);
      // Answers that are still on the page may be somebody's data.
      if (ended) location.reload();
    } else {
      ui.preauthorizeApiKey("bearer", token);
    }
  }

  async function signOut() {
    await session.end();
    show(null);
  }
};
