// A stamp that finds no signal is kept on the telephone and sent again until the hub has it; twice is once to the hub.
(() => {
  "use strict";
  const KEPT = "nightlight-unsent";
  const banner = document.getElementById("unsent");
  if (!banner) return;

  const read = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
  const keep = (all) => localStorage.setItem(KEPT, JSON.stringify(all));

  const tell = (text) => {
    banner.textContent = text;
    banner.hidden = !text;
  };
  const say = (waits) => tell(waits ? banner.dataset.text : "");

  // With the token of the page that is open now, for the session may be another one than when the button was pressed.
  const post = (one) => {
    const form = new URLSearchParams(one.form);
    form.set("csrf", document.querySelector("input[name=csrf]").value);
    form.set("ago", String(Math.max(0, (Date.now() - one.at) / 1000)));
    return fetch(one.path, { method: "POST", body: form });
  };

  const taken = (answer) => answer.status < 500 && answer.status !== 403 && new URL(answer.url).pathname !== "/login";

  // What the hub does not take is said, and what was typed stays where it is.
  const why = async (answer) => {
    if (answer.status !== 409) return "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector(".banner.bad:not(#unsent)")?.textContent ?? "";
  };

  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    let done = 0;
    let refused = "";
    try {
      for (let all = read(); all.length; all = read()) {
        const answer = await post(all[0]);
        if (!taken(answer)) break;
        refused = (await why(answer)) || refused;
        keep(all.slice(1));
        done += 1;
      }
    } catch {
      // No signal: what is left waits for the next round.
    }
    sending = false;
    say(read().length > 0);
    if (refused) {
      tell(refused);
      document.querySelectorAll("form.stamp button").forEach((button) => { button.disabled = false; });
    } else if (done && !read().length) location.reload();
  };

  document.querySelectorAll("form.stamp").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const path = new URL(form.action).pathname;
      keep([...read(), { path, at: Date.now(), form: [...new FormData(form)] }]);
      form.querySelector("button").disabled = true;
      send();
    });
  });
  addEventListener("online", send);
  setInterval(() => { if (read().length) send(); }, 3000);
  send();
})();
