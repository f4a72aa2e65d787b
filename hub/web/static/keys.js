// Single keys for the contact centre. They do nothing while somebody types, and can be switched off.
(() => {
  "use strict";
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("show-keys");
  if (!dialog) return;
  const OFF = "nightlight-keys-off";
  const on = document.getElementById("keys-on");
  on.checked = localStorage.getItem(OFF) !== "1";
  const heed = () => {
    document.body.classList.toggle("keys-off", !on.checked);
    localStorage.setItem(OFF, on.checked ? "0" : "1");
  };
  on.addEventListener("change", heed);
  heed();
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }

  const typing = (where) => where.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const links = () => [...document.querySelectorAll(".queue a[id^=open-]")];
  const row = () => document.activeElement?.closest?.(".row");

  const step = (by) => {
    const all = links();
    const at = all.indexOf(row()?.querySelector("a[id^=open-]"));
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next?.focus();
    next?.closest(".row").scrollIntoView({ block: "nearest" });
  };
  const press = (selector) => {
    const found = document.querySelector(selector);
    if (found) found.click();
    return Boolean(found);
  };
  const focus = (selector) => document.querySelector(selector)?.focus();
  const answer = () => {
    const chosen = row();
    const button = chosen ? chosen.querySelector("button.answer") : document.querySelector(".queue button.answer");
    if (button) button.click();
  };

  const inQueue = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1), a: answer,
  };
  const onSheet = {
    a: () => press("button.answer"), t: () => focus("#text"), s: () => focus("#responder"),
    c: () => focus("fieldset.close button"), q: () => { location.assign("/console"); },
  };
  const everywhere = { "?": () => dialog.showModal(), m: () => press("#sound") };
  const keys = { ...everywhere, ...(document.querySelector(".queue") ? inQueue : onSheet) };

  document.addEventListener("keydown", (event) => {
    if (!on.checked || dialog.open || event.ctrlKey || event.altKey || event.metaKey || event.repeat && event.key === "a") return;
    if (typing(event.target)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
