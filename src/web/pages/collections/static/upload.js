// Files and folders, chosen or dropped, are sent at once, in parts that the server takes, with progress.

const form = document.getElementById("upload");
if (form) {
  const drop = document.getElementById("drop");
  document.getElementById("upload-send").hidden = true;
  for (const id of ["files", "folder"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      const chosen = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
      input.value = "";
      send(chosen);
    });
  }
  let inside = 0;
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    inside += 1;
    document.getElementById("adder-files").open = true;
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    inside -= 1;
    if (inside <= 0) settle();
  });
  document.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  document.addEventListener("drop", async (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    settle();
    send(await dropped(event.dataTransfer));
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  function settle() {
    inside = 0;
    drop.classList.remove("over");
  }
}

const MOST_FILES = 500;
const MOST_BYTES = 40e6;
let sending = Promise.resolve();

function send(entries) {
  if (entries.length) sending = sending.then(() => sendAll(entries)).catch(() => {});
}

async function sendAll(entries) {
  const box = document.getElementById("upload-progress");
  const bar = document.getElementById("upload-bar");
  const words = document.getElementById("upload-words");
  const total = entries.reduce((sum, { file }) => sum + file.size, 0) || 1;
  form.querySelector("[data-problem]").replaceChildren();
  box.hidden = false;
  let sent = 0;
  try {
    for (const part of parts(entries)) {
      words.textContent = `Sending ${entries.length === 1 ? entries[0].path : `${entries.length} files`}…`;
      const before = sent;
      const bytes = part.reduce((sum, { file }) => sum + file.size, 0);
      await post(part, (share) => { bar.value = (before + share * bytes) / total; });
      sent += bytes;
      bar.value = sent / total;
    }
  } finally {
    box.hidden = true;
    bar.value = 0;
  }
}

function* parts(entries) {
  let part = [];
  let bytes = 0;
  for (const entry of entries) {
    if (part.length && (part.length >= MOST_FILES || bytes + entry.file.size > MOST_BYTES)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(entry);
    bytes += entry.file.size;
  }
  if (part.length) yield part;
}

function post(entries, progress) {
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  for (const { file, path } of entries) body.append("files", file, path);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => refuse("<p>The server cannot be reached. Check that it runs, then send the files again.</p>");
    request.onload = () => {
      const there = request.getResponseHeader("HX-Redirect");
      if (there) return location.assign(there);
      if (request.status >= 300) return refuse(request.responseText);
      const told = JSON.parse(request.getResponseHeader("HX-Trigger") ?? "{}");
      for (const [name, detail] of Object.entries(told)) document.body.dispatchEvent(new CustomEvent(name, { detail }));
      resolve();
    };
    function refuse(html) {
      form.querySelector("[data-problem]").innerHTML = html;
      reject(new Error("refused"));
    }
    request.send(body);
  });
}

// All files of what was dropped, folders walked through; what git keeps for itself is left out.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  if (entry.name === ".git") return [];
  const reader = entry.createReader();
  const children = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(walk))).flat();
}
