// Where nobody is logged in, no home that was being fitted stays on this phone. Whoever logged out is told nothing here.
if ("caches" in window) caches.delete("nightlight-fitting");
if (document.querySelector("[data-left]") && "serviceWorker" in navigator && "PushManager" in window) {
  navigator.serviceWorker.getRegistrations().then((all) => all.forEach(async (one) => (await one.pushManager.getSubscription())?.unsubscribe()));
}
