// Lets an installer's phone go on while the signal comes and goes: what is saved waits here until the hub has it.
(() => {
  "use strict";
  const kept = document.getElementById("kept");
  if (!kept) return;
  const here = `/installer/commission/${kept.dataset.home}`; // a refused certificate is answered under another address
  const WAITS = `nightlight:waits:${kept.dataset.home}`;
  const TYPED = `nightlight:typed:${kept.dataset.home}`;
  const RETRY = 2000;
  const LOOK = 500;

  const read = (name, otherwise) => {
    try { return JSON.parse(localStorage.getItem(name)) ?? otherwise; } catch { return otherwise; }
  };
  const write = (name, value) => {
    if (Array.isArray(value) ? value.length : Object.keys(value).length) localStorage.setItem(name, JSON.stringify(value));
    else localStorage.removeItem(name);
  };
  let waits = read(WAITS, []);
  let typed = read(TYPED, {});
  let trouble = "";
  let busy = false;
  let stale = false;

  const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const csrf = () => document.querySelector("[name=csrf]").value;
  const fields = (form) => [...form.elements].filter((one) => one.name && !["csrf", "post"].includes(one.name) && one.type !== "hidden");
  const formKey = (form) => `${form.getAttribute("action")} ${form.elements.was?.value ?? ""} ${form.elements.kind?.type === "hidden" ? form.elements.kind.value : ""} ${form.elements.felt?.value ?? ""} ${form.elements.decision?.value ?? ""}`;
  const KEPT = "#main form:not([data-plain]):not([data-secret])";

  const say = () => {
    const unsaved = Object.keys(typed).length;
    const parts = [];
    if (waits.length) parts.push(`On this phone only, not yet at the hub: ${waits.map((one) => one.said).join(", ")}. ${trouble || "It is sent when the signal is back."}`);
    if (unsaved) parts.push("Typed and not sent: press its Save button.");
    if (stale) parts.push(`No signal: this is how it stood at ${kept.dataset.at}. Go on; what you save waits on this phone.`);
    const text = parts.join(" ") || "Everything shown here is saved at the hub.";
    if (kept.textContent !== text) kept.textContent = text;
    kept.classList.toggle("waits", parts.length > 0);
  };

  // What is typed outlives a reload.
  const note = (form) => {
    typed[formKey(form)] = fields(form).map((one) => (["checkbox", "radio"].includes(one.type) ? one.checked : one.value));
    write(TYPED, typed);
    say();
  };
  const restore = () => {
    document.querySelectorAll("#main form").forEach((form) => {
      const values = typed[formKey(form)];
      if (!values) return;
      fields(form).forEach((one, place) => {
        if (["checkbox", "radio"].includes(one.type)) one.checked = Boolean(values[place]);
        else if (values[place] !== undefined) one.value = values[place];
      });
      form.closest("details")?.setAttribute("open", "");
    });
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest(KEPT);
    if (form) note(form);
  });

  const refuse = (one, text) => {
    trouble = "";
    let box = document.getElementById("refused");
    if (!box) {
      box = document.createElement("p");
      box.id = "refused";
      box.className = "card";
      box.setAttribute("role", "alert");
      kept.after(box);
    }
    box.textContent = `${one.said} was not saved: ${text}`;
  };

  // One after the other, in the order in which they were pressed; each is taken off this phone when the hub has it.
  const send = async () => {
    if (busy || !waits.length) return;
    busy = true;
    try {
      while (waits.length) {
        const one = waits[0];
        const body = new URLSearchParams(one.body);
        body.set("csrf", csrf());
        const answer = await fetch(one.action, { method: "POST", body, headers: { accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(8000) });
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
          trouble = "Log in again (reload this page); nothing is lost.";
          break;
        }
        if (answer.status >= 500) {
          trouble = "The hub has trouble; it is tried again.";
          break;
        }
        waits.shift();
        write(WAITS, waits);
        trouble = "";
        if (answer.ok) {
          document.getElementById("refused")?.remove();
          await refresh();
        } else {
          refuse(one, (await answer.json().catch(() => ({}))).refused || "the hub did not take it. Look at it again.");
        }
      }
    } catch {
      trouble = "";
    } finally {
      busy = false;
      say();
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target.closest(KEPT);
    if (!form) return;
    event.preventDefault();
    const body = new FormData(form);
    body.delete("csrf");
    body.set("post", fresh());
    waits.push({ action: form.getAttribute("action"), body: new URLSearchParams(body).toString(), said: form.dataset.said });
    write(WAITS, waits);
    delete typed[formKey(form)];
    write(TYPED, typed);
    say();
    send();
  });

  // A code is sent at once or not at all: it never lies on this phone.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("#main form[data-secret]");
    if (!form) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("post", fresh());
    const one = { said: form.dataset.said };
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(8000) });
      if (!answer.ok) {
        refuse(one, (await answer.json().catch(() => ({}))).refused || "log in again (reload this page), then send it anew.");
        return;
      }
      document.getElementById("refused")?.remove();
      form.reset();
      await refresh();
    } catch {
      refuse(one, "no signal. It is not kept on this phone: send it again when the signal is back.");
    }
  });

  // The page as the hub has it now, part by part: what is open stays open, and the focus stays where it was.
  const refresh = async () => {
    const answer = await fetch(here, { signal: AbortSignal.timeout(8000) });
    if (!answer.ok || answer.redirected) return;
    stale = false;
    const news = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focus = document.activeElement?.id;
    const open = [...document.querySelectorAll("details[open]")].map((one) => one.id);
    kept.dataset.at = news.getElementById("kept")?.dataset.at ?? kept.dataset.at;
    news.querySelectorAll("[data-part]").forEach((part) => {
      const old = document.getElementById(part.id);
      if (old && !old.isEqualNode(part)) old.replaceWith(document.adoptNode(part));
    });
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    restore();
    if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };

  // How the tests stand, while any of them is waited for.
  const colour = (name, now) => {
    const line = document.querySelector(`[data-test="${CSS.escape(name)}"]`);
    if (!line || line.querySelector(".text").textContent === now.text) return;
    line.className = `verdict ${now.colour}`;
    line.querySelector(".colour").textContent = now.colour;
    line.querySelector(".text").textContent = now.text;
  };
  // What else is missing changes by itself as well (a kit that starts says what it keeps to): that is looked at less often.
  let looks = 0;
  const look = async () => {
    const waiting = document.querySelector(".verdict.waiting, .verdict.red");
    const lacking = looks++ % 5 === 0 && !document.getElementById("missing").hidden;
    if ((waiting || lacking) && !document.hidden) {
      try {
        const answer = await fetch(`${here}/state`, { signal: AbortSignal.timeout(4000), redirect: "manual" });
        if (answer.ok) {
          const now = await answer.json();
          Object.entries(now.tests).forEach(([name, one]) => colour(name, one));
          const missing = document.getElementById("missing");
          const items = now.missing.map((text) => { const item = document.createElement("li"); item.textContent = text; return item; });
          missing.replaceChildren(...items);
          missing.hidden = !items.length;
          document.getElementById("kit").textContent = now.kit;
        }
      } catch { /* no signal: the next look will tell */ }
    }
    setTimeout(look, LOOK);
  };

  // A worker keeps this page, so that it can be opened again without a signal; what it opened then is brought up to date.
  const renew = async () => {
    try { await refresh(); } catch { stale = true; }
    say();
  };
  const again = () => {
    if (stale && !waits.length) renew();
    send();
  };
  const beKept = async () => {
    const opened = Boolean(navigator.serviceWorker.controller);
    if (opened) await renew();
    await navigator.serviceWorker.register("/installer/commission/worker.js");
    const parts = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
    (await navigator.serviceWorker.ready).active.postMessage({ page: opened ? null : here, parts });
  };
  document.querySelector("form.leave")?.addEventListener("submit", (event) => {
    const lost = [...waits.map((one) => one.said), ...(Object.keys(typed).length ? ["what is typed and not sent"] : [])];
    if (lost.length && !confirm(`Not yet at the hub: ${lost.join(", ")}. Log out, and lose it?`)) {
      event.preventDefault();
      return;
    }
    waits = [];
    typed = {};
    write(WAITS, waits);
    write(TYPED, typed);
    if ("caches" in window) caches.delete("nightlight-fitting");
  });

  addEventListener("online", again);
  setInterval(again, RETRY);
  restore();
  say();
  send();
  look();
  if ("serviceWorker" in navigator) beKept().catch(() => { /* no signal, or a browser that keeps no workers */ });
})();
