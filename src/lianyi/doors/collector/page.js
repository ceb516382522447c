/* The campaign page: says that a browser shows it, copies and shares the visitor's own link. Works without as well. */
(function () {
  "use strict";
  var visit = document.getElementById("visit"), own = document.getElementById("own");
  var copy = document.getElementById("copy"), send = document.getElementById("send");
  function tell(token, what) {
    fetch("/s/" + token + "/" + what, {
      method: "POST", keepalive: true, headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "v=" + (visit ? visit.dataset.visitor : "")
    }).catch(function () {});
  }
  if (visit) tell(visit.dataset.token, "seen");
  if (copy) copy.addEventListener("click", function () {
    own.select();
    (navigator.clipboard ? navigator.clipboard.writeText(own.value) : Promise.reject()).catch(function () {
      document.execCommand("copy");
    }).then(function () { copy.textContent = copy.dataset.copied; });
    tell(copy.dataset.own, "shared");
  });
  if (send && navigator.share) {
    send.hidden = false;
    send.addEventListener("click", function () {
      navigator.share({ title: document.title, url: own.value }).then(function () { tell(send.dataset.own, "shared"); },
        function () {});
    });
  }
})();
