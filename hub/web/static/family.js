// The family's pages as an app: a worker keeps them for when there is no network, and a browser may ask to be told.
// The hub keeps the browser's address; the browser alone reads what is pushed.
(() => {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  const ready = navigator.serviceWorker.register("/family/worker.js", { scope: "/family" });

  // A copy that the worker kept says since when it is old; once the hub is heard again, app.js takes that back.
  const at = Number(document.body.dataset.kept);
  const stale = document.getElementById("stale");
  if (at && stale) {
    const then = new Date(at);
    const today = then.toDateString() === new Date().toDateString();
    const clock = document.querySelector("[data-clock]")?.textContent.trim();
    const since = today ? clock : `${clock} on ${then.toLocaleDateString("en-GB", { weekday: "long" })}`;
    stale.textContent = stale.dataset.text.replace("{}", since);
    stale.hidden = false;
    document.body.classList.add("is-stale");
  }

  // Whoever logs out leaves nothing behind on this device.
  document.querySelector('form[action="/logout"]')?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name === "nightlight-kept").map((name) => caches.delete(name)));
    event.target.submit();
  });

  const on = document.getElementById("push");
  const off = document.getElementById("push-off");
  const said = document.getElementById("push-said");
  if (!on || !("PushManager" in window)) return;

  const post = async (path, fields) => {
    const form = new URLSearchParams({ csrf: on.dataset.csrf, ...fields });
    const answer = await fetch(path, { method: "POST", body: form });
    if (!answer.ok) throw new Error(String(answer.status));
  };
  const present = async () => (await ready).pushManager.getSubscription();
  const show = async () => {
    const asked = await present();
    on.hidden = Boolean(asked);
    off.hidden = !asked;
  };

  on.addEventListener("click", async () => {
    try {
      const key = await (await fetch("/push/key")).arrayBuffer();
      const worker = await ready;
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      await post("/push/subscribe", { subscription: JSON.stringify(made) });
      said.textContent = "This browser will tell you when you are wanted.";
    } catch {
      said.textContent = "This browser could not be set up. Allow notifications for this page, and try again.";
    }
    await show();
  });

  off.addEventListener("click", async () => {
    const asked = await present();
    try {
      await post("/push/unsubscribe", { endpoint: asked.endpoint });
      await asked.unsubscribe();
      said.textContent = "This browser will tell you nothing more.";
    } catch {
      said.textContent = "That did not work. Try again when you are online.";
    }
    await show();
  });
  show();
})();
