// Shows what was pushed, and opens the link in it.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "Nightlight", text: "", link: "" };
  const shown = { body: told.text, data: told.link, requireInteraction: true };
  event.waitUntil(self.registration.showNotification(told.title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  if (event.notification.data) event.waitUntil(self.clients.openWindow(event.notification.data));
});
