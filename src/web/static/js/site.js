// What every page has: the CSRF token on requests, failures shown where they happened, short messages,
// copying. Pages work without it.

const csrf = document.querySelector('meta[name="csrf-token"]').content;

document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrf;
});

// A failed request never goes unnoticed: its problem is put beside what was pressed, or below the page.
document.body.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.xhr.getResponseHeader("HX-Redirect")) return;
  const html = detail.xhr.getResponseHeader("content-type")?.startsWith("text/html") && detail.xhr.responseText;
  fail(detail.elt, html || null, `The server answered ${detail.xhr.status}. Try again.`);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, ({ detail }) => {
    if (detail.requestConfig?.verb === "get" && detail.elt.matches("[hx-trigger^=every]")) return; // it comes again
    fail(detail.elt, null, "The server cannot be reached. Check that it runs, then try again.");
  });
}
document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
  detail.elt.closest("[data-problem-scope]")?.querySelector("[data-problem]")?.replaceChildren();
});
document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.successful) return;
  if (detail.elt.matches("form[data-reset]")) detail.elt.reset();
});

function fail(element, html, words) {
  const slot = element.closest("[data-problem-scope]")?.querySelector("[data-problem]");
  if (slot && html) slot.innerHTML = html;
  else if (html) say(new DOMParser().parseFromString(html, "text/html").body.textContent.trim(), "bad");
  else say(words, "bad");
}

document.body.addEventListener("toast", ({ detail }) => say(detail.text, detail.tone));

function say(text, tone = "good") {
  const note = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  note.querySelector("p").textContent = text;
  note.dataset.tone = tone;
  note.dataset.testid = "toast";
  const toasts = document.getElementById("toasts");
  for (const other of toasts.children) if (other.textContent === note.textContent) other.remove();
  toasts.append(note);
  while (toasts.children.length > 3) toasts.firstElementChild.remove();
  if (tone !== "bad") setTimeout(() => note.remove(), 6000);
}

document.addEventListener("click", async (event) => {
  event.target.closest("[data-close]")?.closest(".notice").remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const label = copy.querySelector("[data-copy-label]");
    const words = (await put(copy.dataset.copy)) ? "Copied" : "Select and copy by hand";
    label.textContent = words;
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  }
});

async function put(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// Buttons that need a script are hidden until there is one.
function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden], [data-script][hidden]")) button.hidden = false;
}
reveal(document);
document.addEventListener("content-added", ({ detail }) => reveal(detail));
document.body.addEventListener("htmx:load", ({ detail }) => reveal(detail.elt));

// A part of the page that is fetched again and again is left alone while nobody sees it, and while the
// reader has something open in it, unless the reader's own action calls for it.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const cause = requestConfig.triggeringEvent?.target;
  const polled = requestConfig.verb === "get" && !requestConfig.triggeringEvent;
  if (polled && document.hidden) return event.preventDefault();
  const asked = cause instanceof Element && cause !== elt && cause.id !== "live";
  if (elt.matches("[data-calm]") && !asked && elt.querySelector("details[open]")) event.preventDefault();
});
