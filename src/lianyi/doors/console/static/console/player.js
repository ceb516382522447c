// What plays over time: a button and a slider in a card with [data-player] (its pause in milliseconds). At each moment
// the card hears of it by an event "moment"; how it then looks is drawn by picture.js or ripples.js.
// Without scripts the slider's form asks the server for the same drawing.
(function () {
  "use strict";
  // Who asked for less motion gets a few quiet steps instead of forty.
  const CALM_STEP = 10, CALM_PAUSE = 1500;
  document.querySelectorAll("[data-player]").forEach((card) => {
    const slider = card.querySelector("input[type=range]"), start = card.querySelector("[data-play-start]");
    const last = Number(slider.max), plain = card.querySelector("[data-play-plain]");
    let timer = 0;

    function show() { card.dispatchEvent(new CustomEvent("moment", { detail: { step: Number(slider.value), last } })); }
    function stop() { clearInterval(timer); timer = 0; start.setAttribute("aria-pressed", "false"); }
    function play() {
      if (timer) { stop(); return; }
      if (Number(slider.value) === last) slider.value = 0;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      start.setAttribute("aria-pressed", "true");
      show();
      timer = setInterval(() => {
        slider.value = Math.min(last, Number(slider.value) + (calm ? CALM_STEP : 1));
        show();
        if (Number(slider.value) >= last) stop();
      }, calm ? CALM_PAUSE : Number(card.dataset.player));
    }
    start.hidden = false;
    if (plain) plain.hidden = true;
    start.addEventListener("click", play);
    slider.addEventListener("input", () => { stop(); show(); });
  });
})();
