/* Lianyi page snippet: <script async src="https://HOST/s.js" data-key="WRITE KEY"></script>
   data-consent="required": nothing is stored or sent before lianyi.consent(true).
   data-auto="off": no page views by itself.
   Before it has loaded: window.lianyi = window.lianyi || []; lianyi.push(["track", "Signed Up", {plan: "gold"}])
   Served without comments and indentation (snippet.py), so every statement here ends in a semicolon or brace. */
(function (w, d, n) {
  "use strict";
  var tag = d.currentScript || d.querySelector("script[data-key]");
  if (!tag || (w.lianyi && w.lianyi.loaded)) return;
  var url = new URL(tag.src).origin + "/v1/batch?writeKey=" + encodeURIComponent(tag.dataset.key);
  var memory = {}, queue = [], timer, last, tries = 0, l = w.location;
  /* The browser says no: nothing is stored and nothing is sent, whatever the page asks for. */
  var refused = n.doNotTrack == "1" || w.doNotTrack == "1" || n.globalPrivacyControl;

  function read(k) {
    var v = null, m = d.cookie.match(RegExp("(?:^|; )lianyi_" + k + "=([^;]+)"));
    try { v = localStorage.getItem("lianyi_" + k); } catch (e) {}
    return v || (m ? decodeURIComponent(m[1]) : memory[k]);
  }
  /* To first-party storage; to a first-party cookie where storage is off. "" forgets. */
  function write(k, v) {
    memory[k] = v;
    try {
      localStorage[v ? "setItem" : "removeItem"]("lianyi_" + k, v);
      if (v) return;
    } catch (e) {}
    d.cookie = "lianyi_" + k + "=" + encodeURIComponent(v) + ";path=/;SameSite=Lax;max-age=" + (v ? 31536000 : 0) +
      (l.protocol == "https:" ? ";Secure" : "");
  }
  function forget() {
    write("id", "");
    write("user", "");
  }
  function uuid() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (b) {
      return (b + 256).toString(16).slice(1);
    }).join("");
  }
  function allowed() {
    var ok = read("ok");
    return !refused && (tag.dataset.consent == "required" ? ok == "1" : ok != "0");
  }
  function here() {
    return l.href.split("#")[0];
  }

  function add(type, call) {
    if (refused || read("ok") == "0") return;
    var utm = {}, some;
    new URLSearchParams(l.search).forEach(function (v, k) {
      if (k.slice(0, 4) == "utm_") utm[k == "utm_campaign" ? "name" : k.slice(4)] = some = v;
    });
    call.type = type;
    call.messageId = uuid();
    call.timestamp = new Date().toISOString();
    call.context = {
      page: { url: here(), path: l.pathname, title: d.title, referrer: d.referrer },
      campaign: some ? utm : null, userAgent: n.userAgent, locale: n.language, library: { name: "lianyi.js" }
    };
    queue.push(call);
    if (queue.length > 500) queue.shift();
    timer = timer || setTimeout(flush, 400);
  }
  function flush(leaving) {
    clearTimeout(timer);
    timer = 0;
    if (!queue.length || !allowed()) return;
    var batch = [], size = 0, id = read("id");
    /* Whoever came through a link of ours brings the number from there; a number of one's own stays. */
    if (!id) write("id", id = (/[?&]ajs_aid=([0-9a-f]{32})(&|$)/.exec(l.search) || [])[1] || uuid());
    while (queue.length && size < 20000) {
      var call = queue.shift();
      call.anonymousId = call.anonymousId || id;
      call.userId = call.userId || read("user");
      size += JSON.stringify(call).length;
      batch.push(call);
    }
    send(batch, leaving === true);
    if (queue.length) flush(leaving);
  }
  function send(batch, leaving) {
    var body = JSON.stringify({ batch: batch, sentAt: new Date().toISOString() });
    if (leaving && n.sendBeacon && n.sendBeacon(url, body)) return;
    fetch(url, { method: "POST", body: body, keepalive: leaving, credentials: "omit" }).then(function (r) {
      if (r.status == 429 || r.status > 499) throw 0;
      tries = 0;
    }).catch(function () {
      /* Sent again with the same message ids: what did arrive is not counted twice. */
      queue = batch.concat(queue);
      if (tries < 7) timer = timer || setTimeout(flush, 1000 << tries++);
    });
  }

  var early = w.lianyi, api = w.lianyi = {
    loaded: true,
    page: function (name, properties) { add("page", { name: name, properties: properties }); },
    track: function (event, properties) { add("track", { event: event, properties: properties }); },
    group: function (id, traits) { add("group", { groupId: id, traits: traits }); },
    identify: function (id, traits) {
      if (id && id.constructor == Object) {
        traits = id;
        id = 0;
      }
      if (id) {
        memory.user = id += "";
        if (allowed()) write("user", id);
      }
      add("identify", { userId: id || null, traits: traits });
    },
    consent: function (yes) {
      if (refused) return;
      write("ok", yes ? "1" : "0");
      if (yes) {
        if (memory.user) write("user", memory.user);
        flush();
      } else {
        queue = [];
        forget();
      }
    },
    reset: function () {
      flush();
      forget();
    },
    push: function (call) { api[call[0]].apply(api, call.slice(1)); }
  };
  function view() {
    if (here() != last) {
      last = here();
      api.page();
    }
  }
  if (tag.dataset.auto != "off") {
    view();
    ["pushState", "replaceState"].forEach(function (f) {
      var before = history[f];
      history[f] = function () {
        before.apply(history, arguments);
        setTimeout(view);
      };
    });
    w.addEventListener("popstate", view);
  }
  function leave() {
    if (d.visibilityState == "hidden") flush(true);
  }
  d.addEventListener("visibilitychange", leave);
  w.addEventListener("pagehide", function () { flush(true); });
  if (early) early.forEach(api.push);
})(window, document, navigator);
