// The family's pages on somebody's telephone: kept for when there is no network, and told of what is pushed.
// What is kept is about a person. It goes at log-out, when the session has ended, and after a day.
const KEPT = "nightlight-kept";
const PARTS = "nightlight-parts";
const OFFLINE = "/family/offline";
const WAIT = 4000;
const LASTS = 24 * 3600 * 1000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PARTS).then((cache) => cache.add(OFFLINE)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const keep = async (request, answer) => {
  const headers = new Headers(answer.headers);
  headers.set("x-kept-at", String(Date.now()));
  const copy = new Response(await answer.blob(), { headers });
  await (await caches.open(KEPT)).put(request, copy);
};

const forget = () => caches.delete(KEPT);

// The copy says itself that it is one: the page reads the mark, and tells since when it is old.
const kept = async (request) => {
  const found = await (await caches.open(KEPT)).match(request, { ignoreVary: true });
  if (!found || Date.now() - Number(found.headers.get("x-kept-at")) > LASTS) return caches.match(OFFLINE);
  const text = (await found.text()).replace('data-kept=""', `data-kept="${found.headers.get("x-kept-at")}"`);
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
};

const within = (promise) => {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("late")), WAIT));
  return Promise.race([promise, late]);
};

const navigated = async (event) => {
  try {
    const answer = await within(fetch(event.request));
    if (answer.type === "opaqueredirect" || answer.status === 404) await forget();
    else if (answer.ok) event.waitUntil(keep(event.request, answer.clone()));
    // Somebody may have chosen another language there.
    if (event.request.url.includes("/family/told")) event.waitUntil(caches.open(PARTS).then((cache) => cache.add(OFFLINE)));
    return answer;
  } catch {
    return kept(event.request);
  }
};

// Files that carry their content in their address never change.
const part = async (request) => {
  const cache = await caches.open(PARTS);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) {
    const name = new URL(request.url).pathname;
    for (const old of await cache.keys()) if (new URL(old.url).pathname === name) await cache.delete(old);
    await cache.put(request, answer.clone());
  }
  return answer;
};

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(navigated(event));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(event.request));
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(forget());
});

self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : { title: "Nightlight", text: "", link: "/family" };
  const shown = { body: told.text, data: told.link || "/family", requireInteraction: !told.silent, silent: Boolean(told.silent) };
  if (told.tag) shown.tag = told.tag;
  event.waitUntil(self.registration.showNotification(told.title, shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
