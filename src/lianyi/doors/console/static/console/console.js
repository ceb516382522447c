// The console's own script: menus that close, dialogs, toasts, chart tips, copy buttons, keys, file drop. No framework.
(function () {
  "use strict";
  const $ = (selector, root) => (root || document).querySelector(selector);
  const $$ = (selector, root) => [...(root || document).querySelectorAll(selector)];

  // Drop-downs are <details class="drop">: one open at a time, closed by Escape or a click elsewhere.
  document.addEventListener("click", (event) => {
    $$("details.drop[open]").forEach((drop) => { if (!drop.contains(event.target)) drop.open = false; });
    const opener = event.target.closest("[data-opens]");
    if (opener) { const dialog = document.getElementById(opener.dataset.opens); if (dialog) dialog.showModal(); }
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog, .toast").tagName === "DIALOG" ? closer.closest("dialog").close() : closer.closest(".toast").remove();
    const copier = event.target.closest("[data-copies]");
    if (copier) copy(copier);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      $$("details.drop[open]").forEach((drop) => { drop.open = false; drop.querySelector("summary").focus(); });
      hideTip();
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = $("[data-search]");
      if (search && search.offsetParent) { event.preventDefault(); search.focus(); search.select(); }
    }
  });
  document.addEventListener("toggle", (event) => {
    const drop = event.target;
    if (!drop.matches || !drop.matches("details.drop") || !drop.open) return;
    $$("details.drop[open]").forEach((other) => { if (other !== drop && !other.contains(drop)) other.open = false; });
    // Keep the sheet inside the window.
    const sheet = drop.querySelector(".sheet");
    drop.classList.remove("end", "up");
    const box = sheet.getBoundingClientRect();
    if (box.right > innerWidth - 8) drop.classList.add("end");
    if (box.bottom > innerHeight - 8 && box.height < drop.getBoundingClientRect().top) drop.classList.add("up");
  }, true);

  async function copy(button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    toast(button.dataset.copied);
  }

  function toast(text) {
    const box = $(".toasts"), sample = $("#toast-sample");
    if (!box || !sample || !text) return;
    const made = sample.content.firstElementChild.cloneNode(true);
    $("div", made).textContent = text;
    box.append(made);
    setTimeout(() => made.remove(), 6000);
  }
  document.body.addEventListener("toast", (event) => toast(event.detail.value));
  document.body.addEventListener("htmx:responseError", (event) => toast(event.detail.xhr.getResponseHeader("X-Said") ? decodeURIComponent(event.detail.xhr.getResponseHeader("X-Said")) : document.body.dataset.failed));
  document.body.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline));
  // Forms that were filled in wrongly come back with 422: show them.
  document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; } });

  // Switches that act at once: [data-submits] sends its form when changed.
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submits]")) event.target.form.requestSubmit(); });
  // Two chart/table buttons.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-shows]");
    if (!button) return;
    const root = button.closest("[data-figure]");
    $$("[data-shows]", root).forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    $$("[data-view]", root).forEach((view) => { view.hidden = view.dataset.view !== button.dataset.shows; });
  });

  // Chart tips: each hit area carries what it says, lines parted by \n, name and value by a tab.
  let tip = null;
  function hideTip() { if (tip) { tip.remove(); tip = null; } $$(".hit.on").forEach((hit) => hit.classList.remove("on")); }
  function showTip(hit, x, y) {
    hideTip();
    hit.classList.add("on");
    tip = document.createElement("div");
    tip.className = "chart-tip";
    hit.dataset.says.split("\n").forEach((line, index) => {
      const [name, value] = line.split("\t"), row = document.createElement(index ? "span" : "b");
      row.textContent = index ? name : line;
      if (index && value !== undefined) { const strong = document.createElement("b"); strong.textContent = value; row.append(strong); }
      tip.append(row);
    });
    document.body.append(tip);
    const box = tip.getBoundingClientRect();
    // Setting style properties by script is allowed under our policy; style attributes in the page are not.
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = Math.max(8, y - box.height - 12) + "px";
  }
  document.addEventListener("pointermove", (event) => {
    const hit = event.target.closest && event.target.closest(".hit[data-says]");
    hit ? showTip(hit, event.clientX, event.clientY) : hideTip();
  });
  document.addEventListener("scroll", hideTip, true);

  // Files: drop or choose, then send with progress.
  $$("form[data-upload]").forEach((form) => {
    const zone = $(".zone", form), input = $("input[type=file]", form), bar = $("progress", form), said = $("[data-said]", form);
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.remove("over"); }));
    zone.addEventListener("drop", (event) => { input.files = event.dataTransfer.files; send(); });
    input.addEventListener("change", send);
    function send() {
      if (!input.files.length) return;
      const request = new XMLHttpRequest();
      bar.hidden = false;
      said.textContent = [...input.files].map((file) => file.name).join(", ");
      request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
      request.onload = () => {
        const next = request.getResponseHeader("X-Next");
        if (next) { location.assign(next); return; }
        bar.hidden = true;
        said.textContent = request.getResponseHeader("X-Said") ? decodeURIComponent(request.getResponseHeader("X-Said")) : document.body.dataset.failed;
        input.value = "";
      };
      request.onerror = () => { bar.hidden = true; said.textContent = document.body.dataset.offline; };
      request.open("POST", form.action);
      request.setRequestHeader("X-Requested-With", "fetch");
      request.send(new FormData(form));
    }
  });

  // An editor shows what is being written in the frame beside it: [data-previews] names the button that does it.
  $$("form[data-previews]").forEach((form) => {
    const button = document.getElementById(form.dataset.previews);
    let waiting;
    const later = (pause) => { clearTimeout(waiting); waiting = setTimeout(() => form.requestSubmit(button), pause); };
    document.addEventListener("input", (event) => { if (event.target.form === form) later(700); });
    document.body.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "blocks") later(100); });
    later(0);
  });
  document.addEventListener("click", (event) => {
    const wide = event.target.closest("[data-width]"), box = document.getElementById("preview-box");
    if (!wide || !box) return;
    box.className = `preview ${wide.dataset.width}`;
    $$("[data-width]").forEach((one) => one.setAttribute("aria-pressed", String(one === wide)));
  });

  $$("dialog[data-open]").forEach((dialog) => dialog.showModal());

  // On a phone there are more places than fit beside each other: the one where we are is in sight.
  const place = $(".places.below [aria-current]");
  if (place) place.scrollIntoView({ block: "nearest", inline: "center" });
})();
