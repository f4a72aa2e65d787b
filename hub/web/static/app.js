// Keeps an open page true: takes in what the hub says has changed, and says loudly when it cannot hear the hub.
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

  // A click is lost when what it went down on is replaced before it is let go, so what is to be seen waits for that: but not
  // for a hand that rests, nor for one of which we are never told that it let go. What is to be heard never waits.
  const CLICKED = "a, button, summary, label, input, select";
  const RESTS_AFTER = 10000;
  const CLICKED_WITHIN = 100;
  let pressed = 0;
  let put_off = false;
  let let_go = () => {};
  const is_pressed = () => Date.now() - pressed < RESTS_AFTER;
  document.addEventListener("pointerdown", ({ target, button }) => {
    if (button === 0 && target.closest?.(CLICKED)) pressed = Date.now();
  }, true);
  ["pointerup", "pointercancel"].forEach((name) => document.addEventListener(name, () => {
    const lifted = pressed;
    setTimeout(() => {
      if (pressed !== lifted) return;
      pressed = 0;
      if (put_off) refresh();
      put_off = false;
      let_go();
    }, CLICKED_WITHIN);
  }, true));
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!is_pressed()) return;
    put_off = true;
    detail.shouldSwap = false;
    count(false, made(detail.serverResponse));
  });

  const typed = (live) => [...live.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");
  const refresh = () => lives.forEach((live) => htmx.trigger(live, "refresh"));

  // What happened, for those who listen rather than look: a count in the title, words, and a tone.
  const title = document.title;
  const tell = (waiting, fresh, is_call) => {
    document.title = waiting ? `(${waiting}) ${title}` : title;
    if (!fresh.length) return;
    const news = document.getElementById("news");
    if (news) news.textContent = fresh.length > 3 ? `${fresh.length} new alerts` : fresh.map((row) => row.dataset.say).join(". ");
    document.dispatchEvent(new CustomEvent("nightlight:news", { detail: fresh.some(is_call) ? "call" : "look" }));
  };

  const known = new Set();
  const raised_in = (part) => [...part.querySelectorAll(".row.raised[data-say]")].filter((row) => row.dataset.say);
  const is_new = (row) => !known.has(row.dataset.alert);
  const know = (rows) => rows.forEach((row) => known.add(row.dataset.alert));
  const count = (first, page = document) => {
    const queue = page.querySelector(".queue");
    if (!queue) return;
    const raised = raised_in(queue);
    const fresh = first ? [] : raised.filter(is_new);
    known.clear();
    know(raised);
    tell(Number(queue.dataset.waiting), fresh, (row) => row.closest("#list-calls"));
  };
  // Before it may be seen.
  const hear = ({ rows, lists, waiting }) => {
    const fresh = raised_in(made(Object.values(rows).join(""))).filter(is_new);
    know(fresh);
    tell(waiting, fresh, (row) => lists.calls?.includes(Number(row.dataset.alert)));
  };

  // Whose a row is depends on who looks, and is the only thing that does.
  const me = document.querySelector("[data-me]")?.dataset.me;
  const mark_mine = (scope) => {
    if (!me) return;
    scope.querySelectorAll(`.row[data-holder="${CSS.escape(me)}"]:not(.mine)`).forEach((row) => {
      row.classList.add("mine");
      row.querySelector(".holder").textContent = "You";
      row.querySelector(".holds").textContent = "hold it";
    });
  };
  count(true);
  mark_mine(document);

  // The queue is brought up to date piece by piece; whatever had the focus keeps it.
  const made = (markup) => {
    const holder = document.createElement("template");
    holder.innerHTML = markup;
    return holder.content;
  };

  const order = (list, ids, rows) => {
    const here = new Map([...list.children].map((row) => [row.dataset.alert, row]));
    let before = list.firstElementChild;
    for (const id of ids.map(String)) {
      let row = here.get(id);
      here.delete(id);
      if (rows[id]) {
        const fresh = made(rows[id]).firstElementChild;
        if (row) row.replaceWith(fresh);
        if (row === before) before = fresh;
        row = fresh;
      }
      if (!row) return false;
      if (row === before) before = before.nextElementSibling;
      else list.insertBefore(row, before);
    }
    here.forEach((row) => row.remove());
    return true;
  };

  const apply = (told) => {
    const queue = document.querySelector(".queue");
    const focused = document.activeElement?.id;
    for (const [id, markup] of Object.entries(told.blocks)) document.getElementById(id)?.replaceChildren(made(markup));
    const changed = new Set(Object.keys(told.rows));
    const whole = [...queue.querySelectorAll("ol[id^=list-]")].every((list) => {
      const ids = told.lists[list.id.slice(5)] || [...list.children].map((row) => row.dataset.alert);
      return order(list, ids, told.rows);
    });
    if (!whole) return false;
    queue.dataset.mark = told.mark;
    queue.dataset.waiting = told.waiting;
    mark_mine(queue);
    if (focused && document.activeElement?.id !== focused) {
      const again = document.getElementById(focused) || document.getElementById(focused.replace("answer-", "open-"));
      again?.focus({ preventScroll: true });
    }
    if (changed.size || told.blocks["queue-head"]) count();
    return true;
  };

  // Whoever deals with one alert hears and sees that others wait: what they are and where, and no word about a person.
  const beside = document.getElementById("others");
  const [one_waits, more_wait] = document.getElementById("now") ? ["Somebody else waits", "others wait"] : ["Somebody waits", "people wait"];
  let heard_of = null;
  const tell_others = (others) => {
    if (!beside || !others) return;
    const count = others.length;
    const kinds = others.slice(0, 3).map(([, says]) => says).join("; ");
    const says = count ? `${count === 1 ? one_waits : `${count} ${more_wait}`} for an answer: ${kinds}${count > 3 ? " …" : ""}` : "";
    const status = beside.lastElementChild;
    if (status.textContent !== says) status.textContent = says;
    beside.hidden = !count;
    beside.dataset.waiting = count;
    document.title = count ? `(${count}) ${title}` : title;
    const fresh = heard_of && others.some(([id]) => !heard_of.has(id));
    heard_of = new Set(others.map(([id]) => id));
    if (fresh) document.dispatchEvent(new CustomEvent("nightlight:news", { detail: "call" }));
  };

  const tick = (told) => {
    document.querySelectorAll("[data-until]").forEach((one) => {
      const left = Number(one.dataset.until) - told.now;
      one.textContent = lasting(left);
      one.closest(".state").classList.toggle("soon", left < 60);
    });
    document.querySelectorAll("[data-clock]").forEach((one) => { one.textContent = told.clock; });
    document.querySelectorAll("[data-since]").forEach((one) => {
      const text = lasting(told.now - Number(one.dataset.since));
      if (one.textContent !== text) one.textContent = text;
    });
  };

  if (source) {
    let fetching = 0;
    let missed = [];
    let mark = document.querySelector("[data-mark]")?.dataset.mark;
    const shown = () => document.querySelector("[data-mark]")?.dataset.mark ?? mark;

    const fetch_all = () => {
      fetching = Date.now();
      refresh();
    };
    const take_in = (told) => {
      const now = shown();
      mark = told.mark;
      if (now === told.mark) return;
      if (told.since !== undefined && told.since === now && document.querySelector(".queue") && apply(told)) return;
      fetch_all();
    };
    // What is said while the whole is being fetched may follow on it.
    const follow = () => {
      if (is_pressed() || (fetching && Date.now() - fetching < 4000)) return;
      const later = missed;
      missed = [];
      fetching = 0;
      const from = later.findIndex((told) => told.since === shown());
      if (from >= 0) later.slice(from).every((told) => { if (!fetching) take_in(told); return !fetching; });
      else if (later.length) take_in(later[later.length - 1]);
    };
    const beat = (event) => {
      const told = JSON.parse(event.data);
      heard = Date.now();
      said = told.clock;
      setStale(false);
      missed.push(told);
      if (told.rows && is_pressed()) hear(told);
      follow();
      tick(told);
      tell_others(told.others);
    };
    let_go = follow;
    document.body.addEventListener("htmx:afterSwap", () => {
      fetching = 0;
      follow();
    });
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
    document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
    ["htmx:sendError", "htmx:responseError", "htmx:timeout"].forEach((name) => document.body.addEventListener(name, () => setStale(true)));
  }

  // What can't be sent now stays on the page, and an alert of which nothing was said is closed after a question only.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (source && stale?.dataset.unsent && (document.body.classList.contains("is-stale") || !navigator.onLine)) {
      event.preventDefault();
      stale.textContent = stale.dataset.unsent.replace("{}", said);
      stale.hidden = false;
      return;
    }
    const sure = event.submitter?.closest("[data-sure]")?.dataset.sure;
    const wrote = form.querySelector("#text")?.value.trim();
    if (sure && !wrote && !confirm(sure)) event.preventDefault();
  });

  // What somebody has opened to read stays open, with the focus in it, when the part around it is brought up to date.
  const read = new WeakMap();
  document.body.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    const open = [...target.querySelectorAll("details[open][id]")];
    const inside = open.some((one) => one.contains(document.activeElement));
    read.set(target, { open: open.map((one) => one.id), focus: inside && document.activeElement.id });
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
    const { open, focus } = read.get(target) ?? { open: [] };
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus({ preventScroll: true });
  });

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
    mark_mine(document);
    if (document.querySelector("[data-ended]")) document.querySelectorAll(".right").forEach((one) => one.remove());
  });
})();
