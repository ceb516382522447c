// The editor of journeys: a vertical flow of steps, each a small form, moved by drag or by keyboard. What is drawn here is
// only the document as data; the server checks it and says what applying it would do.
(function () {
  "use strict";
  const form = document.querySelector("[data-journey-form]");
  if (!form) return;
  const edited = () => form.dispatchEvent(new Event("edited"));
  form.addEventListener("change", (event) => { if (event.target.matches("[data-edits]")) edited(); });
  const yaml = form.querySelector("[data-journey-yaml]");
  if (yaml) yaml.addEventListener("input", edited);
  const root = form.querySelector("[data-journey-editor]");
  if (!root) return;
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const doc = read("journey-data"), schema = read("journey-schema"), words = schema.words, hidden = form.elements.data;
  let open = null, drag = null, number = 0;

  function make(name, more, ...inside) {
    const made = document.createElement(name);
    Object.entries(more || {}).forEach(([key, value]) => {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
    });
    made.append(...inside.filter((one) => one !== null && one !== undefined));
    return made;
  }
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const keep = () => { hidden.value = JSON.stringify(doc); };
  function changed() { keep(); edited(); }
  function redraw(focus) {
    draw();
    changed();
    const found = focus && root.querySelector(`[data-step="${CSS.escape(focus)}"] > .flow-card`);
    if (found) found.focus();
  }
  function put(thing, name, value) {
    if (value === "" || value === undefined || value === null || value === false || (Array.isArray(value) && !value.length)) delete thing[name];
    else thing[name] = value;
    changed();
  }
  function ids(steps, found) {
    (steps || []).forEach((step) => {
      found.add(step.id);
      ["happened", "timeout", "otherwise"].forEach((name) => ids(step[name], found));
      [...(step.ways || []), ...(step.arms || [])].forEach((way) => ids(way.steps, found));
    });
    return found;
  }
  function freshId(kind) {
    const taken = ids(doc.steps, new Set());
    let name = kind, count = 1;
    while (taken.has(name)) name = `${kind}${++count}`;
    return name;
  }

  // --- fields ---------------------------------------------------------------------------------------------------------
  function labelled(field, input) {
    const id = `j${++number}`;
    input.id = id;
    if (field.hint && !field.hint.includes(" ") === false) input.setAttribute("aria-describedby", `${id}h`);
    return make("div", { class: "field" }, make("label", { for: id }, field.label), input, field.hint ? make("span", { class: "hint", id: `${id}h` }, field.hint) : null);
  }
  function simple(field, thing) {
    const value = thing[field.name];
    if (field.type === "truth") {
      const now = value === undefined ? Boolean(field.usual) : value;
      const box = make("input", { type: "checkbox", checked: now });
      box.addEventListener("change", () => { if (box.checked === Boolean(field.usual)) delete thing[field.name]; else thing[field.name] = box.checked; changed(); });
      return make("label", { class: "choice" }, box, ` ${field.label}`);
    }
    if (field.options && !field.open) {
      const select = make("select", { onchange: () => put(thing, field.name, select.value) }, ...field.options.map((one) => make("option", { value: one, selected: one === value }, one)));
      if (value === undefined) select.value = field.options[0];
      return labelled(field, select);
    }
    if (field.type === "long" || field.type === "lines" || field.type === "pairs") {
      const said = field.type === "lines" ? (value || []).join("\n") : field.type === "pairs" ? Object.entries(value || {}).map((pair) => pair.join(" = ")).join("\n") : value || "";
      const area = make("textarea", { rows: 2 });
      area.value = said;
      area.addEventListener("input", () => put(thing, field.name, field.type === "long" ? area.value : field.type === "lines" ? lines(area.value) : pairs(area.value)));
      return labelled(field, area);
    }
    if (field.type === "times") {
      const two = [0, 1].map((at) => make("input", { type: "time", "aria-label": `${field.label} ${at + 1}`, value: (value || [])[at] || "" }));
      two.forEach((one) => one.addEventListener("input", () => put(thing, field.name, two.every((each) => each.value) ? two.map((each) => each.value) : undefined)));
      return make("div", { class: "field" }, make("span", { class: "label" }, field.label), make("div", { class: "row nowrap-row" }, ...two));
    }
    const input = make("input", { value: Array.isArray(value) ? value.join(" ") : value === undefined ? "" : value, class: field.mono ? "mono" : null, inputmode: field.type === "number" ? "decimal" : null, readonly: Boolean(field.fixed) });
    input.addEventListener("input", () => put(thing, field.name, field.type === "number" ? numeric(input.value) : field.type === "numbers" ? input.value.split(/[\s,]+/).filter(Boolean).map(numeric) : input.value));
    const made = labelled(field, input);
    if (field.options && field.options.length) {
      const list = make("datalist", { id: `j${++number}` }, ...field.options.map((one) => make("option", { value: one })));
      input.setAttribute("list", list.id);
      made.append(list);
    }
    return made;
  }
  const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  const pairs = (text) => { const all = lines(text).map((line) => line.split("=")); return all.length ? Object.fromEntries(all.map(([name, ...rest]) => [name.trim(), rest.join("=").trim()])) : undefined; };
  const numeric = (text) => (text.trim() === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : text);

  function fields(list, thing) {
    return list.filter((field) => !field.when || thing[field.when]).map((field) => {
      if (field.type === "steps") return make("div", { class: "flow-way" }, field.label ? make("div", { class: "small flow-way-title" }, field.label) : null, flow(thing, field.name));
      if (field.type === "object") return part(field, thing);
      if (field.type === "list") return several(field, thing);
      return simple(field, thing);
    });
  }
  function part(field, thing) {
    const there = thing[field.name] !== undefined;
    const box = make("input", { type: "checkbox", checked: there, onchange: () => { if (box.checked) thing[field.name] = copy(field.fresh); else delete thing[field.name]; redraw(open); } });
    const head = field.must ? make("span", { class: "label" }, field.label) : make("label", { class: "choice" }, box, ` ${field.label}`);
    return make("div", { class: "flow-part" }, head, there ? make("div", { class: "fields two" }, ...fields(field.fields, thing[field.name])) : null);
  }
  function several(field, thing) {
    const all = thing[field.name] || (thing[field.name] = []);
    const ways = all.map((one, at) => make("div", { class: "flow-way" }, make("div", { class: "row nowrap-row end-row" }, button("trash", words.remove, () => { all.splice(at, 1); redraw(open); })), ...fields(field.fields, one)));
    return make("div", { class: "flow-part" }, make("span", { class: "label" }, field.label), make("div", { class: "flow-ways" }, ...ways), make("div", {}, make("button", { type: "button", class: "button small", onclick: () => { all.push(copy(field.fresh)); redraw(open); } }, `+ ${words.more}`)));
  }
  const signs = { up: "↑", down: "↓", trash: "×", copy: "⧉" };
  function button(sign, label, act, more) {
    return make("button", { type: "button", class: "button small square plain", "aria-label": label, title: label, onclick: act, ...more }, signs[sign]);
  }

  // --- steps ----------------------------------------------------------------------------------------------------------
  function brief(step) {
    const inner = ["id", "do", "happened", "timeout", "otherwise", "text"];
    return Object.entries(step).filter(([name]) => !inner.includes(name)).map(([, value]) => (Array.isArray(value) ? value.map((one) => (one && typeof one === "object" ? one.when || one.name : one)).join(" / ") : value && typeof value === "object" ? value.event || Object.keys(value).join(", ") : String(value))).join(" · ");
  }
  function move(list, at, by) {
    const to = at + by;
    if (to < 0 || to >= list.length) return;
    const [step] = list.splice(at, 1);
    list.splice(to, 0, step);
    redraw(step.id);
  }
  function flow(owner, name) {
    const list = owner[name] || [];
    const items = list.map((step, at) => card(owner, name, list, step, at));
    const kind = make("select", { "aria-label": words.add, onchange: () => {
      const made = Object.assign({ do: kind.value }, { id: freshId(kind.value) }, copy(schema.steps[kind.value].fresh));
      (owner[name] || (owner[name] = [])).push(made);
      open = made.id;
      redraw(made.id);
    } }, make("option", { value: "" }, `+ ${words.add}`), ...Object.entries(schema.steps).map(([key, one]) => make("option", { value: key }, one.title)));
    const end = make("li", { class: "flow-add" }, kind);
    droppable(end, owner, name, () => (owner[name] || []).length);
    return make("ol", { class: "flow" }, ...items, end);
  }
  function droppable(element, owner, name, place) {
    element.addEventListener("dragover", (event) => { if (drag) { event.preventDefault(); event.stopPropagation(); element.classList.add("over"); } });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      element.classList.remove("over");
      if (!drag || within(drag.step, owner)) return;
      const target = owner[name] || (owner[name] = []);
      let to = place();
      const from = drag.list.indexOf(drag.step);
      if (target === drag.list && from < to) to -= 1;
      drag.list.splice(from, 1);
      target.splice(to, 0, drag.step);
      redraw(drag.step.id);
    });
  }
  // A step can't be put inside itself.
  function within(step, owner) {
    if (step === owner) return true;
    const below = [...(step.ways || []), ...(step.arms || [])];
    return below.includes(owner) || ids([step], new Set()).has(owner.id) || below.some((way) => (way.steps || []).some((one) => within(one, owner)));
  }
  function card(owner, name, list, step, at) {
    const kind = schema.steps[step.do], shown = open === step.id;
    const head = make("div", { class: "row apart nowrap-row" },
      make("button", { type: "button", class: "flow-head", "aria-expanded": String(shown), onclick: () => { open = shown ? null : step.id; draw(); root.querySelector(`[data-step="${CSS.escape(step.id)}"] .flow-head`).focus(); } },
        make("b", {}, kind ? kind.title : step.do), " ", make("span", { class: "mono small faint" }, step.id), make("span", { class: "small wrap flow-brief" }, brief(step))),
      make("span", { class: "row nowrap-row" }, button("up", words.up, () => move(list, at, -1), { disabled: at === 0 }), button("down", words.down, () => move(list, at, 1), { disabled: at === list.length - 1 }), button("trash", words.remove, () => { list.splice(at, 1); redraw(); })));
    const plain = (kind ? kind.fields : []).filter((field) => !["steps", "list"].includes(field.type));
    const deep = (kind ? kind.fields : []).filter((field) => ["steps", "list"].includes(field.type));
    const rename = make("input", { class: "mono", value: step.id, onchange: () => { if (rename.value) { step.id = rename.value; open = step.id; redraw(step.id); } } });
    const body = shown ? make("div", { class: "fields two" }, ...fields(plain, step), labelled({ label: words.id }, rename)) : null;
    const box = make("div", { class: "flow-card", tabindex: "-1", draggable: "true", title: words.drag }, head, body);
    // While a field is being marked with the mouse, the card must not be dragged.
    box.addEventListener("pointerdown", (event) => { box.draggable = !event.target.closest("input, textarea, select"); });
    box.addEventListener("dragstart", (event) => { drag = { list, step }; event.stopPropagation(); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", step.id); });
    box.addEventListener("dragend", () => { drag = null; });
    box.addEventListener("keydown", (event) => {
      if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      move(list, at, event.key === "ArrowUp" ? -1 : 1);
    });
    const item = make("li", { class: "flow-step", "data-step": step.id }, box, ...(deep.length ? [make("div", { class: "flow-inside" }, ...fields(deep, step))] : []));
    droppable(item, owner, name, () => list.indexOf(step));
    return item;
  }
  function doors() {
    const list = doc.triggers || (doc.triggers = []);
    const cards = list.map((door, at) => make("div", { class: "flow-part" }, make("div", { class: "row apart nowrap-row" }, make("b", {}, schema.doors[door.by].title), button("trash", words.remove, () => { list.splice(at, 1); redraw(); })), make("div", { class: "fields two" }, ...fields(schema.doors[door.by].fields, door))));
    const kind = make("select", { "aria-label": words.add_door, onchange: () => { list.push(copy(schema.doors[kind.value].fresh)); redraw(); } }, make("option", { value: "" }, `+ ${words.add_door}`), ...Object.entries(schema.doors).map(([key, one]) => make("option", { value: key }, one.title)));
    return make("div", { class: "stack tight" }, ...cards, make("div", {}, kind));
  }
  function draw() {
    const head = schema.head.map((field) => ({ ...field, fixed: field.name === "journey" && root.dataset.fixed }));
    const first = head.slice(0, 2), rest = head.slice(2);
    const details = root.querySelector("details"), unfolded = details ? details.open : false;
    root.replaceChildren(
      make("div", { class: "fields two" }, ...fields(first, doc)),
      make("details", { class: "part", open: unfolded }, make("summary", {}, rest.slice(-3).map((field) => field.label).join(" · ")), make("div", { class: "fields two" }, ...fields(rest, doc))),
      doors(), flow(doc, "steps"));
  }
  doc.steps = doc.steps || [];
  draw();
  keep();
})();
