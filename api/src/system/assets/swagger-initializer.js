// Starts Swagger UI. Pictures in SVG are shown as pictures, which it does with all other formats by itself.

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

window.onload = () => {
  window.ui = SwaggerUIBundle({
    dom_id: "#swagger-ui",
    url: "/openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    layout: "StandaloneLayout",
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: "none",
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl, SvgAsPicture],
  });
};
