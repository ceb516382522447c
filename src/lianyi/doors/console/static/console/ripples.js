// The tree of a ripple over time: who came later than the moment of the slider is pale; "Play" moves the slider.
// Without this script the slider's form asks the server for the same drawing.
(function () {
  "use strict";
  const card = document.querySelector("[data-play]");
  if (!card) return;
  const slider = card.querySelector("input[type=range]"), says = card.querySelector("[data-play-says]");
  const start = card.querySelector("[data-play-start]"), boxes = [...card.querySelectorAll("[data-at]")];
  const began = Number(card.dataset.began), step = Number(card.dataset.play), last = Number(slider.max);
  const said = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  let timer = 0;

  function show() {
    const at = began + step * Number(slider.value), all = Number(slider.value) === last;
    boxes.forEach((box) => box.classList.toggle("later", !all && Number(box.dataset.at) > at));
    says.textContent = said.format(new Date(at * 1000));
  }
  function stop() { clearInterval(timer); timer = 0; start.setAttribute("aria-pressed", "false"); }
  function play() {
    if (timer) { stop(); return; }
    if (Number(slider.value) === last) slider.value = 0;
    // Who asked for less motion gets a few quiet steps instead of forty.
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    start.setAttribute("aria-pressed", "true");
    show();
    timer = setInterval(() => {
      slider.value = Math.min(last, Number(slider.value) + (calm ? 10 : 1));
      show();
      if (Number(slider.value) >= last) stop();
    }, calm ? 1500 : 150);
  }
  start.hidden = false;
  card.querySelector("[data-play-plain]").hidden = true;
  start.addEventListener("click", play);
  slider.addEventListener("input", () => { stop(); show(); });
})();
