// The keyboard: what each key does, and the list of them.

const PAN_SHARE = 0.25; // of what is shown

const KEY_GROUPS = [
  ["Changes", [
    ["←  →", "previous, next change", ["ArrowLeft", "ArrowRight"], (k) => SELECTION.go(k ? 1 : -1, PLAYER.timeS)],
    ["Home  End", "first, last change", ["Home", "End"], (k) => SELECTION.ends(k === 1)],
    ["L", "loop around the change", ["l"], toggleLoop],
    ["Esc", "choose none", ["Escape"], () => SELECTION.choose(-1, "user")],
  ]],
  ["Replay", [
    ["Space  K", "play, pause", [" ", "k"], () => PLAYER.toggle()],
    [",  .", "one frame back, on", [",", "."], (k) => PLAYER.step(k ? 1 : -1)],
    ["<  >", "slower, faster", ["<", ">"], (k) => changeSpeed(k ? 1 : -1)],
    ["O", "regions and arrows over the picture", ["o"], () => toggleOverlay()],
    ["M", "mute", ["m"], toggleMute],
    ["F", "full screen", ["f"], toggleFull],
  ]],
  ["Timeline", [
    ["+  −", "zoom in, out (also W S)", ["+", "-", "=", "w", "s"], (k) => SHOWN.zoomStep([1, -1, 1, 1, -1][k])],
    ["A  D", "move left, right", ["a", "d"], (k) => SHOWN.pan((k ? 1 : -1) * PAN_SHARE * SHOWN.length)],
    ["Z", "zoom to the chosen change", ["z"], zoomToChosen],
    ["0", "the whole replay", ["0"], () => SHOWN.all()],
  ]],
  ["Page", [
    ["1 … 5", "list a kind or not", ["1", "2", "3", "4", "5"], (k) => k < KINDS.length && toggleKind(k)],
    ["↑  ↓", "in the table: choose a row", [], null],
    ["T", "light, dark, as the system", ["t"], () => changeTheme()],
    ["?", "these keys", ["?"], () => toggleKeys()],
  ]],
];

const KEY_ACTIONS = new Map(
  KEY_GROUPS.flatMap(([, keys]) => keys.flatMap(([, , names, act]) => names.map((name, k) => [name, () => act(k)]))),
);

/** Whether the element that has the focus needs this key itself. */
function keyIsTaken(target, key) {
  if (target.closest("dialog")) return true;
  if (target.matches("select")) return key !== "?" && key !== "Escape";
  if (target.matches("input[type=range]")) return /^(Arrow|Home|End|Page)/.test(key);
  if (target.matches("button, input, label, a")) return key === " " || key === "Enter";
  return false;
}

function startKeys() {
  const list = byId("keys-list");
  for (const [title, keys] of KEY_GROUPS) {
    const rows = make("dl");
    for (const [names, text] of keys) {
      const term = make("dt");
      for (const name of names.split("  ")) term.append(make("kbd", { text: name }));
      rows.append(term, make("dd", { text }));
    }
    list.append(make("section", {}, make("h3", { text: title }), rows));
  }
  byId("help").addEventListener("click", toggleKeys);
  byId("keys").addEventListener("click", (event) => event.target === byId("keys") && byId("keys").close());
  byId("keys").addEventListener("keydown", (event) => event.key === "?" && byId("keys").close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = KEY_ACTIONS.get(key);
    if (!act || keyIsTaken(event.target, key)) return;
    event.preventDefault();
    act();
  });
}

function toggleKeys() {
  const dialog = byId("keys");
  if (dialog.open) dialog.close();
  else dialog.showModal();
}
