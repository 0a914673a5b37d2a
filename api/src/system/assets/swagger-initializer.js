// Starts Swagger UI, with a bar above it: where this is, and who is signed in.

// Pictures in SVG are shown as pictures, which Swagger UI does with all other formats by itself.
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
  for (const [shown, real] of Object.entries(examples)) text = text.replaceAll(`"${shown}"`, `"${real}"`);
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
  const mail = place.mail === null ? [] : [element("a", { href: place.mail, textContent: "Mail" })];
  document.body.prepend(element("header", { id: "bar", className: place.environment }, about, ...mail, who, button));

  const bearer = (kept) => `Bearer ${kept.access_token}`;
  // The headers with tokens of the session, and the token that is shown as signed in; nothing was shown yet.
  const given = new Set();
  let shown;

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
      if (!given.has(request.headers?.Authorization)) return request;
      const kept = await session.refreshed();
      if (kept !== null) request.headers.Authorization = bearer(kept);
      show(kept);
      return request;
    },
    // A session that was ended elsewhere shows as soon as it is used.
    responseInterceptor: async (response) => {
      const kept = session.current();
      if (response.status === 401 && kept !== null && shown === kept.access_token) {
        show(await session.refreshed(kept.access_token));
      }
      return response;
    },
    onComplete: async () => {
      if (window.isSecureContext) return show(await session.refreshed());
      who.textContent = "Signing in takes HTTPS, or localhost.";
      button.hidden = true;
    },
  });
  window.ui = ui;

  function show(kept) {
    const token = kept?.access_token ?? null;
    if (token === shown) return;
    shown = token;
    who.textContent = kept?.email ?? "";
    button.textContent = kept === null ? "Sign in" : "Sign out";
    button.onclick = kept === null ? session.begin : signOut;
    if (kept === null) {
      ui.authActions.logout(["bearer"]);
    } else {
      given.add(bearer(kept));
      ui.preauthorizeApiKey("bearer", token);
    }
  }

  async function signOut() {
    show(null);
    await session.end();
  }

  if (!window.isSecureContext) return;
  // Signed in or out in another tab.
  window.addEventListener("storage", () => show(session.current()));
  setInterval(async () => show(await session.refreshed()), 30_000);
};
