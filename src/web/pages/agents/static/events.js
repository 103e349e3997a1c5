// New events appear on top as they happen; the list can be held still to read it.

const list = document.getElementById("events");
const hold = document.getElementById("hold");
const state = document.getElementById("stream-state");
const MOST = 300;

if (list.dataset.stream) {
  const waiting = [];
  let held = false;
  const source = new EventSource(list.dataset.stream);

  source.addEventListener("open", tell);
  source.addEventListener("error", () => {
    state.textContent = source.readyState === EventSource.CLOSED
      ? "The stream ended. Reload the page to go on."
      : "The connection was lost; trying again…";
  });
  source.addEventListener("logged", (event) => {
    if (held) waiting.push(event.data);
    else add(event.data);
    tell();
  });
  hold.addEventListener("click", () => {
    held = !held;
    hold.setAttribute("aria-pressed", held);
    hold.querySelector("span").textContent = held ? "Go on" : "Hold";
    while (!held && waiting.length) add(waiting.shift());
    tell();
  });
  window.addEventListener("pagehide", () => source.close());

  function add(html) {
    list.querySelector("[data-empty]")?.remove();
    list.insertAdjacentHTML("afterbegin", html);
    list.firstElementChild.classList.add("fresh");
    while (list.children.length > MOST) list.lastElementChild.remove();
  }

  function tell() {
    if (held) state.textContent = waiting.length ? `Held: ${waiting.length} more` : "Held";
    else state.textContent = "Live: new events appear on top.";
  }
}
