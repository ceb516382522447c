// The tree of a ripple at a moment (see player.js): who came later is pale.
(function () {
  "use strict";
  const card = document.querySelector("[data-play]");
  if (!card) return;
  const says = card.querySelector("[data-play-says]"), boxes = [...card.querySelectorAll("[data-at]")];
  const began = Number(card.dataset.began), step = Number(card.dataset.play);
  const said = new Intl.DateTimeFormat(document.documentElement.lang, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

  card.addEventListener("moment", (event) => {
    const at = began + step * event.detail.step, all = event.detail.step === event.detail.last;
    boxes.forEach((box) => box.classList.toggle("later", !all && Number(box.dataset.at) > at));
    says.textContent = said.format(new Date(at * 1000));
  });
})();
