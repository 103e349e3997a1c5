// Notes what readers do with what was shown: weak evidence, kept apart from what they say. It changes
// nothing on the page, and nothing waits for it.

const csrf = document.querySelector('meta[name="csrf-token"]').content;
const SEEN_MS = 5000;

let shown = performance.now();
let acted = false;

function note(kind, element, passage) {
  const place = element.closest("[data-query]");
  if (!place) return;
  acted = true;
  const body = new FormData();
  body.set("kind", kind);
  body.set("query_id", place.dataset.query);
  if (place.dataset.answer) body.set("answer_id", place.dataset.answer);
  if (passage) body.set("passage_id", passage);
  const headers = { "X-CSRFToken": csrf, "HX-Request": "true" };
  fetch("/signals", { method: "POST", body, headers, keepalive: true }).catch(() => {});
}

for (const click of ["click", "auxclick"]) {
  document.addEventListener(click, ({ target }) => {
    const link = target.closest(".citation-link, .hit-title");
    if (link) note("opened", link, link.closest("[data-passage]")?.dataset.passage);
    else if (target.closest("[data-copy]")) note("copied", target);
    else if (target.closest(".thumbs, .rating")) acted = true;
  });
}

document.addEventListener("copy", () => {
  const from = getSelection()?.anchorNode?.parentElement;
  const passage = from?.closest("[data-passage]")?.dataset.passage;
  if (from?.closest(".turn .prose, [data-passage]")) note("copied", from, passage);
});

// A new answer begins to be read; asking on is no leaving.
document.addEventListener("content-added", () => {
  shown = performance.now();
  acted = false;
});
document.addEventListener("submit", () => { acted = true; });

addEventListener("pagehide", () => {
  const last = [...document.querySelectorAll("[data-query]")].at(-1);
  if (last && !acted && performance.now() - shown > SEEN_MS) note("left", last);
});
