// Asks without leaving the page: sends the form, shows the answer's parts as they come, and leaves the
// stored answer's address behind. Without this file the form is an ordinary one.

const page = document.getElementById("ask");
const form = document.getElementById("composer");
const turns = document.getElementById("turns");
const status = document.getElementById("ask-status");

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && form) {
    event.preventDefault();
    form.elements.question.focus();
  }
});

// A marker and its citation light up together, whichever is pointed at or focused.
for (const [on, lit] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
  turns.addEventListener(on, (event) => light(event.target.closest("[data-marker]"), lit));
}
turns.addEventListener("click", (event) => {
  const marker = event.target.closest("a.marker");
  const card = marker && document.getElementById(marker.hash.slice(1));
  if (!card) return;
  event.preventDefault();
  card.scrollIntoView({ block: "nearest" });
  card.querySelector("a").focus({ preventScroll: true });
});

function light(element, lit) {
  const turn = element?.closest(".turn");
  const pair = turn?.querySelectorAll(`[data-marker="${CSS.escape(element.dataset.marker)}"]`) ?? [];
  for (const one of pair) one.classList.toggle("lit", lit);
}

if (form) compose(form);

function compose(form) {
  const question = form.elements.question;
  const [send, stop] = [document.getElementById("send"), document.getElementById("stop")];
  const problem = document.getElementById("ask-problem");
  let running = null;
  let begun = 0;

  question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  question.addEventListener("input", grow);
  document.addEventListener("keydown", (event) => event.key === "Escape" && running?.abort());
  // It comes where "Ask" was: the second click of a double click is not meant for it.
  stop.addEventListener("click", () => performance.now() - begun > 500 && running?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running && question.value.trim()) ask(question.value.trim());
  });
  rememberChoice();
  takeUp();

  async function ask(text) {
    const body = new FormData(form);
    const turn = begin(text);
    running = new AbortController();
    busy(true);
    try {
      const response = await fetch(form.dataset.stream, {
        method: "POST", body, signal: running.signal, headers: { "HX-Request": "true" },
      });
      if (response.headers.has("HX-Redirect")) {
        sessionStorage.setItem("ask-kept", text);
        location.assign(response.headers.get("HX-Redirect"));
      } else if (!response.ok || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
        refuse(turn, text, await response.text());
      } else await follow(turn, response.body);
    } catch (error) {
      if (error.name === "AbortError") {
        halt(turn, "You stopped here. What was written so far is kept among your conversations.");
        setTimeout(() => document.body.dispatchEvent(new Event("history-changed")), 2500);
      } else halt(turn, "The connection was lost. Ask again, or look in your conversations: the answer may be there.");
    } finally {
      running = null;
      busy(false);
      document.body.dispatchEvent(new Event("history-changed"));
    }
  }

  function begin(text) {
    const turn = document.getElementById("turn-skeleton").content.firstElementChild.cloneNode(true);
    part(turn, "question").textContent = text;
    page.classList.remove("fresh");
    problem.replaceChildren();
    turns.append(turn);
    sessionStorage.removeItem("ask-kept");
    question.value = "";
    question.placeholder = "Ask a follow-up";
    question.rows = 1;
    grow();
    turn.scrollIntoView({ block: "start" });
    status.textContent = "Searching the collections";
    return turn;
  }

  // The question was not taken at all: it goes back into the box, with the reason above it.
  function refuse(turn, text, html) {
    turn.remove();
    question.value = text;
    sessionStorage.setItem("ask-kept", text);
    grow();
    problem.innerHTML = html;
    status.textContent = "The question was not taken";
    question.focus();
  }

  async function follow(turn, stream) {
    let finished = false;
    for await (const { event, data } of events(stream)) {
      finished = show(turn, event, data) || finished;
    }
    if (!finished) halt(turn, "The answer broke off. Ask again, or look in your conversations: it may be there.");
  }

  function show(turn, event, data) {
    if (event === "passages") {
      part(turn, "considered").innerHTML = data.html;
      say(turn, data.count ? "Reading what was found…" : "Nothing was found…");
    } else if (event === "blocks") {
      const text = part(turn, "text");
      while (text.children.length > data.first) text.lastElementChild.remove();
      for (const html of data.html) text.insertAdjacentHTML("beforeend", `<div class="block">${html}</div>`);
      part(turn, "waiting").hidden = true;
    } else if (event === "citation") {
      const box = part(turn, "citations");
      if (!box.firstElementChild) box.append(document.createElement("ol"));
      box.firstElementChild.insertAdjacentHTML("beforeend", data.html);
      turn.querySelector(".turn-body").classList.remove("uncited");
    } else if (event === "done") {
      finish(turn, data);
    } else if (event === "problem") {
      part(turn, "problem").innerHTML = data.html;
      end(turn, "The answer failed");
    }
    return event === "done" || event === "problem";
  }

  function finish(turn, { html, url, conversation }) {
    const open = turn.querySelector("details.considered")?.open;
    const made = document.createElement("div");
    made.innerHTML = html;
    const whole = made.firstElementChild;
    if (open) whole.querySelector("details.considered").open = true;
    const held = turn.contains(document.activeElement) && document.activeElement.closest("[data-marker]");
    turn.replaceWith(whole);
    if (held) whole.querySelector(`.citation[data-marker="${CSS.escape(held.dataset.marker)}"] a`)?.focus();
    htmx.process(whole);
    document.dispatchEvent(new CustomEvent("content-added", { detail: whole }));
    form.elements.conversation.value = conversation;
    history.replaceState(null, "", url);
    document.title = document.title.replace(/^.*(?= · Stoa)/, whole.querySelector(".question").textContent.slice(0, 60));
    const count = whole.querySelectorAll(".citation").length;
    status.textContent = `Answer complete, ${count === 1 ? "1 citation" : `${count} citations`}`;
  }

  function halt(turn, words) {
    const note = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    note.querySelector("p").textContent = words;
    note.querySelector("[data-close]").remove();
    note.dataset.tone = "warn";
    note.dataset.testid = "halted";
    part(turn, "problem").replaceChildren(note);
    end(turn, words);
  }

  function end(turn, words) {
    part(turn, "waiting").hidden = true;
    turn.removeAttribute("aria-busy");
    status.textContent = words;
  }

  function say(turn, words) {
    part(turn, "status").textContent = words;
  }

  function busy(is) {
    if (is) begun = performance.now();
    send.hidden = is;
    stop.hidden = !is;
    if (!is && (document.activeElement === document.body || document.activeElement === stop)) question.focus();
  }

  function grow() {
    question.style.height = "auto";
    question.style.height = `${question.scrollHeight}px`;
  }

  // A question that met an ended session is there again after signing in.
  function takeUp() {
    question.value ||= sessionStorage.getItem("ask-kept") ?? "";
    sessionStorage.removeItem("ask-kept");
    grow();
  }

  // The chosen collections hold for the next questions too, also on the page of a stored answer.
  function rememberChoice() {
    const boxes = [...form.querySelectorAll("[name=collection]")];
    const style = form.elements.style;
    const kept = JSON.parse(sessionStorage.getItem("ask-choice") ?? "{}");
    for (const box of boxes) box.checked = kept.collections?.includes(box.value) ?? false;
    if (kept.style) style.value = kept.style;
    const note = () => {
      const chosen = boxes.filter((box) => box.checked);
      const names = chosen.map((box) => box.dataset.name);
      const words = names.length > 1 ? `${names.length} collections` : names[0] ?? "All collections";
      document.getElementById("picked").textContent = words;
      const choice = { collections: chosen.map((box) => box.value), style: style.value };
      sessionStorage.setItem("ask-choice", JSON.stringify(choice));
    };
    form.addEventListener("change", note);
    note();
    document.addEventListener("click", (event) => {
      const picker = document.getElementById("picker");
      if (picker.open && !picker.contains(event.target)) picker.open = false;
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") document.getElementById("picker").open = false;
    });
  }
}

function part(turn, name) {
  return turn.querySelector(`[data-part="${name}"]`);
}

// Server-sent events out of the body of a response.
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const messages = (rest + value).split("\n\n");
    rest = messages.pop();
    for (const message of messages) {
      const lines = message.split("\n");
      const field = (name) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      const data = field("data").join("\n");
      if (data) yield { event: field("event")[0] ?? "message", data: JSON.parse(data) };
    }
  }
}
