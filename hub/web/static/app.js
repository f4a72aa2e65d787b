// Keeps an open page true: asks for its fragments again when the hub says so, and says loudly when it cannot.
(() => {
  "use strict";
  const STALE_AFTER = 4500;
  const stale = document.getElementById("stale");
  const lives = [...document.querySelectorAll(".live")];
  const source = lives.map((live) => live.dataset.changes).find(Boolean);
  if (!lives.length) return;

  let heard = Date.now();
  let said = document.querySelector("[data-clock]")?.textContent.trim() || new Date().toLocaleTimeString("en-GB");

  const lasting = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 1) return `${Math.max(0, Math.floor(seconds))} s`;
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
    return `${Math.floor(minutes / 1440)} days`;
  };

  const setStale = (isStale) => {
    if (!stale || stale.hidden === !isStale) return;
    stale.textContent = isStale ? stale.dataset.text.replace("{}", said) : "";
    stale.hidden = !isStale;
    document.body.classList.toggle("is-stale", isStale);
  };

  const typed = (live) => [...live.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");

  // The queue: counts, sound, and a word for those who listen rather than look.
  const known = new Set([...document.querySelectorAll(".row.raised")].map((row) => row.dataset.alert));
  const title = document.title;
  let sound = null;

  const beep = () => {
    if (!sound) return;
    [0, 0.25].forEach((delay) => {
      const tone = sound.createOscillator();
      const volume = sound.createGain();
      tone.frequency.value = 740;
      volume.gain.setValueAtTime(0.0001, sound.currentTime + delay);
      volume.gain.exponentialRampToValueAtTime(0.2, sound.currentTime + delay + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, sound.currentTime + delay + 0.2);
      tone.connect(volume).connect(sound.destination);
      tone.start(sound.currentTime + delay);
      tone.stop(sound.currentTime + delay + 0.22);
    });
  };

  document.getElementById("sound")?.addEventListener("click", (event) => {
    const button = event.currentTarget;
    if (sound) sound.close();
    sound = sound ? null : new AudioContext();
    button.setAttribute("aria-pressed", String(Boolean(sound)));
    button.textContent = sound ? "Sound is on" : "Sound is off";
    beep();
  });

  const count = () => {
    const queue = document.querySelector(".queue");
    if (!queue) return;
    const waiting = Number(queue.dataset.waiting);
    document.title = waiting ? `(${waiting}) ${title}` : title;
    const raised = [...queue.querySelectorAll(".row.raised")];
    const fresh = raised.filter((row) => !known.has(row.dataset.alert));
    known.clear();
    raised.forEach((row) => known.add(row.dataset.alert));
    if (!fresh.length) return;
    document.getElementById("news").textContent = fresh.map((row) => row.dataset.say).join(". ");
    beep();
  };
  count();

  if (source) {
    let mark = document.querySelector("[data-mark]")?.dataset.mark;
    const beat = (event) => {
      const told = JSON.parse(event.data);
      heard = Date.now();
      said = told.clock;
      setStale(false);
      document.querySelectorAll("[data-clock]").forEach((one) => { one.textContent = told.clock; });
      document.querySelectorAll("[data-since]").forEach((one) => { one.textContent = lasting(told.now - Number(one.dataset.since)); });
      const shown = document.querySelector("[data-mark]");
      const old = shown ? shown.dataset.mark : mark;
      mark = told.mark;
      if (old !== told.mark) lives.forEach((live) => htmx.trigger(live, "refresh"));
    };
    const listen = () => {
      const stream = new EventSource(source);
      stream.addEventListener("beat", beat);
      stream.onerror = () => {
        if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
      };
    };
    listen();
    setInterval(() => { if (Date.now() - heard > STALE_AFTER) setStale(true); }, 250);
  } else {
    setInterval(() => { if (Date.now() - heard > 75000) setStale(true); }, 1000);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) lives.forEach((live) => htmx.trigger(live, "refresh"));
    });
    ["htmx:sendError", "htmx:responseError", "htmx:timeout"].forEach((name) => document.body.addEventListener(name, () => setStale(true)));
  }

  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const live = event.detail.target;
    // Whoever is in the middle of a sentence keeps it, even when somebody else has closed the alert.
    if (event.detail.serverResponse.includes("data-ended") && typed(live)) {
      event.detail.shouldSwap = false;
      stale.textContent = "This alert has been closed meanwhile. Copy what you typed before you leave this page.";
      stale.hidden = false;
    }
  });

  document.body.addEventListener("htmx:afterSwap", () => {
    if (!source) {
      heard = Date.now();
      setStale(false);
      said = document.querySelector("[data-clock]")?.textContent.trim() || said;
    }
    count();
    if (document.querySelector("[data-ended]")) document.querySelectorAll(".right").forEach((one) => one.remove());
  });
})();
