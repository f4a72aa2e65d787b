// The family's pages as an app: a worker keeps them for when there is no network.
(() => {
  "use strict";
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/family/worker.js", { scope: "/family" });

  // A copy that the worker kept says since when it is old; once the hub is heard again, app.js takes that back.
  const at = Number(document.body.dataset.kept);
  const stale = document.getElementById("stale");
  if (at && stale) {
    const then = new Date(at);
    const today = then.toDateString() === new Date().toDateString();
    const clock = document.querySelector("[data-clock]")?.textContent.trim();
    const since = today ? clock : `${clock}, ${then.toLocaleDateString(document.documentElement.lang, { weekday: "long" })}`;
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
})();
