// A browser may ask to be told. The hub keeps the browser's address; the browser alone reads what is pushed.
(() => {
  "use strict";
  const on = document.getElementById("push");
  const off = document.getElementById("push-off");
  const said = document.getElementById("push-said");
  if (!on) return;
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    document.getElementById("push-none").hidden = false;
    return;
  }
  const ready = navigator.serviceWorker.register(on.dataset.worker, { scope: on.dataset.scope });

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
    on.disabled = true; // a push service may take its time, and a second press would ask it twice
    try {
      const key = await (await fetch("/push/key")).arrayBuffer();
      const worker = await ready;
      const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      await post("/push/subscribe", { subscription: JSON.stringify(made) });
      said.textContent = said.dataset.isOn;
    } catch {
      said.textContent = said.dataset.failed;
    }
    on.disabled = false;
    await show();
  });

  off.addEventListener("click", async () => {
    const asked = await present();
    try {
      await post("/push/unsubscribe", { endpoint: asked.endpoint });
      await asked.unsubscribe();
      said.textContent = said.dataset.isOff;
    } catch {
      said.textContent = said.dataset.offline;
    }
    await show();
  });
  show();
})();
