// The table of what is listed. Only the rows in sight are in the document, so that its length does
// not matter; two empty rows stand for what is above and below.

const ROW_PX = 32;
const SPARE_ROWS = 8; // above and below the ones in sight

const arrowed = (i) => `${motionText(CHANGES.before(i))} ▸ ${motionText(CHANGES.after(i))}`;
const speedGain = (i) => Math.hypot(...CHANGES.after(i)) - Math.hypot(...CHANGES.before(i));
const placeOf = (i) => placeText(CHANGES.region(i), VIDEO.width_px, VIDEO.height_px);

/** Name, width's class, what is shown, and what it is sorted by. */
const COLUMNS = [
  { name: "#", key: "id", text: (i) => CHANGES.id[i], value: (i) => CHANGES.id[i] },
  { name: "Time", key: "time", text: (i) => clockText(CHANGES.timeS[i]), value: (i) => i },
  {
    name: "Frame",
    key: "frame",
    text: (i) => `${CHANGES.frame[i]} ${intervalText(CHANGES.frame[i], CHANGES.first[i], CHANGES.end[i])}`,
    value: (i) => CHANGES.end[i] - CHANGES.first[i],
    title: "onset and 95 % interval; sorted by how wide it is",
  },
  { name: "Kind", key: "kind", text: (i) => KINDS[CHANGES.kind[i]], value: (i) => CHANGES.kind[i], kind: true },
  { name: "Cause", key: "cause", text: (i) => CAUSES[CHANGES.cause[i]], value: (i) => CHANGES.cause[i] },
  { name: "Where", key: "where", text: placeOf, value: placeOf },
  { name: "Motion px/s", key: "motion", text: arrowed, value: speedGain, title: "sorted by the gain of speed" },
  {
    name: "Confidence",
    key: "confidence",
    text: (i) => percentText(CHANGES.confidence[i]),
    value: (i) => CHANGES.confidence[i],
    bar: true,
  },
].filter((column) => column.key !== "cause" || new Set(CHANGES.cause).size > 1);

class ChangesTable {
  constructor() {
    this.box = byId("rows");
    this.body = byId("table").tBodies[0];
    this.column = COLUMNS[1];
    this.descending = false;
    this.order = [];
    this.shown = "";
    this.makeHead();
    this.above = make("tr", { class: "space", "aria-hidden": "true" }, make("td", { colspan: COLUMNS.length }));
    this.below = this.above.cloneNode(true);
    this.box.addEventListener("scroll", once(() => this.draw()), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-i]");
      if (row) SELECTION.choose(Number(row.dataset.i), "user");
    });
    onResize(this.box, once(() => this.draw()));
    listen("listed", () => this.sort());
    listen("chosen", (why) => this.chosen(why));
    this.sort();
  }

  makeHead() {
    for (const column of COLUMNS) {
      const button = make("button", { type: "button", title: column.title, text: column.name });
      button.addEventListener("click", () => this.sortBy(column));
      column.head = make("th", { class: column.key, scope: "col" }, button);
      byId("table").tHead.rows[0].append(column.head);
    }
  }

  sortBy(column) {
    this.descending = column === this.column ? !this.descending : column.key === "confidence";
    this.column = column;
    this.box.scrollTop = 0;
    this.sort();
  }

  sort() {
    const { value } = this.column;
    const values = new Array(CHANGES.count);
    this.order = Array.from(SELECTION.listed);
    for (const i of this.order) values[i] = value(i);
    const sign = this.descending ? -1 : 1;
    // Equal ones stay in order of time.
    this.order.sort((a, b) => (values[a] < values[b] ? -sign : values[a] > values[b] ? sign : a - b));
    for (const column of COLUMNS) {
      const direction = this.descending ? "descending" : "ascending";
      column.head.setAttribute("aria-sort", column === this.column ? direction : "none");
    }
    byId("table").setAttribute("aria-rowcount", this.order.length + 1);
    this.shown = "";
    this.draw();
  }

  /** Puts the rows in sight into the document. */
  draw() {
    const first = Math.max(Math.floor(this.box.scrollTop / ROW_PX) - SPARE_ROWS, 0);
    const fits = Math.ceil(this.box.clientHeight / ROW_PX) + 2 * SPARE_ROWS;
    const end = Math.min(first + fits, this.order.length);
    const start = Math.min(first, end);
    const shown = `${start} ${end}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.above.firstChild.style.height = `${start * ROW_PX}px`;
    this.below.firstChild.style.height = `${(this.order.length - end) * ROW_PX}px`;
    const rows = [];
    for (let place = start; place < end; place++) rows.push(this.row(place));
    if (this.order.length === 0) {
      const text = CHANGES.count ? "Nothing passes the filters." : "No change was found.";
      rows.push(make("tr", { class: "none" }, make("td", { colspan: COLUMNS.length, text })));
    }
    this.body.replaceChildren(this.above, ...rows, this.below);
  }

  row(place) {
    const i = this.order[place];
    const row = make("tr", { "data-i": i, "aria-rowindex": place + 2, "aria-selected": String(i === SELECTION.chosen) });
    row.className = `kind-${KINDS[CHANGES.kind[i]]}${CHANGES.cause[i] === WORLD ? " cause-world" : ""}`;
    for (const column of COLUMNS) {
      const cell = make("td", { class: column.key });
      if (column.kind) cell.append(make("i"));
      if (column.bar) cell.append(this.meter(CHANGES.confidence[i]));
      cell.append(String(column.text(i)));
      row.append(cell);
    }
    return row;
  }

  meter(share) {
    const fill = make("b");
    fill.style.width = `${100 * share}%`;
    return make("span", { class: "meter", "aria-hidden": "true" }, fill);
  }

  chosen(why) {
    for (const row of this.body.querySelectorAll("tr[data-i]")) {
      row.setAttribute("aria-selected", Number(row.dataset.i) === SELECTION.chosen);
    }
    if (SELECTION.chosen >= 0 && why !== "filter") this.reveal(this.order.indexOf(SELECTION.chosen));
  }

  /** Scrolls the rows, not the page. */
  reveal(place) {
    const room = this.box.clientHeight - ROW_PX; // below the head
    const top = place * ROW_PX;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + ROW_PX > this.box.scrollTop + room) this.box.scrollTop = top + ROW_PX - room;
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(Math.floor(this.box.clientHeight / ROW_PX) - 2, 1);
    const count = this.order.length;
    const here = this.order.indexOf(SELECTION.chosen);
    const targets = {
      ArrowDown: here + 1,
      ArrowUp: here < 0 ? 0 : here - 1,
      PageDown: here + page,
      PageUp: here - page,
      Home: 0,
      End: count - 1,
    };
    if (!(event.key in targets) || count === 0) return;
    event.preventDefault();
    event.stopPropagation();
    SELECTION.choose(this.order[Math.min(Math.max(targets[event.key], 0), count - 1)], "user");
  }
}
