// Funnel and ripple at a moment (see player.js): each disc and bar knows how many stood there on each day.
(function () {
  "use strict";
  const card = document.querySelector("[data-picture]");
  if (!card) return;
  const days = card.dataset.picture.split(" "), slider = card.querySelector("input[type=range]");
  const says = card.querySelector("[data-play-says]"), table = card.querySelector("details");
  const count = new Intl.NumberFormat(document.documentElement.lang);
  const short = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });
  const said = (value) => (Math.abs(value) < 10000 ? count : short).format(Math.round(value));

  function disc(cell, unit, step) {
    const [people, moved] = cell.dataset.steps.split(";")[step].split(",").map(Number);
    const radius = people ? Math.max(unit * Math.sqrt(people), 1.5) : 0;
    cell.querySelector(".all").setAttribute("r", radius);
    cell.querySelector(".moved").setAttribute("r", moved ? Math.min(Math.max(unit * Math.sqrt(moved), 1), radius) : 0);
    cell.querySelector(".count").textContent = said(people);
  }
  function bar(group, scale, step) {
    const [revenue, spent] = group.dataset.money.split(";")[step].split(",").map((text) => (text === "" ? null : Number(text)));
    const earned = group.querySelector(".earned"), paid = group.querySelector(".spent"), base = Number(paid.getAttribute("y"));
    const up = Math.max((revenue || 0) * scale, 0);
    earned.setAttribute("y", base - up);
    earned.setAttribute("height", Math.abs((revenue || 0) * scale));
    paid.setAttribute("height", Math.max((spent || 0) * scale, 0));
    const words = (value, sign) => value === null ? "—" : Math.round(value) ? ((value < 0) !== (sign === "−") ? "−" : "+") + said(Math.abs(value)) : "0";
    group.querySelector(".sum").textContent = words(revenue, "+");
    group.querySelector(".sum.out").textContent = words(spent, "−");
  }
  card.addEventListener("moment", (event) => {
    const step = event.detail.step;
    card.querySelectorAll("svg[data-unit]").forEach((drawing) => {
      drawing.querySelectorAll("[data-steps]").forEach((cell) => disc(cell, Number(drawing.dataset.unit), step));
      drawing.querySelectorAll("[data-money]").forEach((group) => bar(group, Number(drawing.dataset.scale), step));
    });
    says.textContent = days[step];
    table.hidden = step !== Number(slider.defaultValue);  // the table speaks for the day that the server was asked for
  });
})();
