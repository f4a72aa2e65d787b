// Where nobody is logged in, no home that was being fitted stays on this phone, and nothing that was typed. Whoever logged out is told nothing here.
if ("caches" in window) caches.delete("nightlight-fitting");
sessionStorage.clear();
if (document.querySelector("[data-left]") && "serviceWorker" in navigator && "PushManager" in window) {
  navigator.serviceWorker.getRegistrations().then((all) => all.forEach(async (one) => (await one.pushManager.getSubscription())?.unsubscribe()));
}
