// Tells somebody of the contact centre who is away from it that they are wanted. It keeps nothing.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "Nightlight", text: "Open to see.", link: "/" };
  const shown = { body: told.text, data: told.link || "/", requireInteraction: true, tag: told.tag };
  event.waitUntil(self.registration.showNotification(told.title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
