// Runs before the page is parsed: shows the controls that need scripts and notes what goes wrong.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  window.addEventListener("error", (event) => root.setAttribute("data-error", event.message || "error"));
  document.addEventListener("securitypolicyviolation", (event) =>
    root.setAttribute("data-error", "blocked by policy: " + event.violatedDirective + " " + event.blockedURI));
})();
