// A browser asks to be told when its owner is wanted. The hub keeps its address; the browser alone reads what is pushed.
(() => {
  "use strict";
  const button = document.getElementById("push");
  if (!button || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  button.hidden = false;

  const subscribe = async () => {
    const worker = await navigator.serviceWorker.register("/push/worker.js", { scope: "/push/" });
    const key = await (await fetch("/push/key")).arrayBuffer();
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const form = new URLSearchParams({ csrf: button.dataset.csrf, subscription: JSON.stringify(made) });
    const answer = await fetch("/push/subscribe", { method: "POST", body: form });
    if (!answer.ok) throw new Error(String(answer.status));
  };

  button.addEventListener("click", async () => {
    const said = document.getElementById("push-said");
    try {
      await subscribe();
      said.textContent = "This browser will tell you when you are wanted.";
    } catch {
      said.textContent = "This browser could not be set up. Allow notifications for this page, and try again.";
    }
  });
})();
