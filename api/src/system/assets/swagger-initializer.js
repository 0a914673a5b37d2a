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
    // Every request has a token that still works, and a session that was ended elsewhere shows as soon as it is used.
    requestInterceptor: async (request) => {
      const fresh = request.headers?.Authorization ? await session.refreshed() : null;
      if (fresh !== null) request.headers.Authorization = `Bearer ${fresh.access_token}`;
      return request;
    },
    responseInterceptor: (response) => {
      if (response.status === 401 && session.current() === null) show(null);
      return response;
    },
    onComplete: async () => show(await session.refreshed()),
  });
  window.ui = ui;

  function show(kept) {
    who.textContent = kept === null ? "" : kept.email;
    button.textContent = kept === null ? "Sign in" : "Sign out";
    button.onclick = kept === null ? session.begin : signOut;
    if (kept === null) ui.authActions.logout(["bearer"]);
    else ui.preauthorizeApiKey("bearer", kept.access_token);
  }

  async function signOut() {
    show(null);
    await session.end();
  }

  // Signed in or out in another tab.
  window.addEventListener("storage", () => show(session.current()));
  setInterval(async () => show(await session.refreshed()), 30_000);
};
