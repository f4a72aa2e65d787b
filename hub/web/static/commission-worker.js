// Lets the page of a home that is being fitted be opened again without a signal, as the hub had it last.
// It keeps that page and what the page is made of, and nothing else; the hub's "keep-on-phone: no", a certificate,
// a login page and half a day end that.
"use strict";
const KEPT = "nightlight-fitting";
const LONGEST = 12 * 3600 * 1000;
const WITHIN = 4000;
const PAGE = /^\/installer\/commission\/[a-z0-9_-]+$/;
const CERTIFICATE = /^(\/installer\/commission\/[a-z0-9_-]+)\/certificate\/\d+$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const forget = async (path) => (await caches.open(KEPT)).delete(path);

const keep = async (path, answer) => {
  if (answer.redirected || [401, 403, 404].includes(answer.status)) await caches.delete(KEPT);
  else if (answer.ok && answer.headers.get("keep-on-phone") === "yes") await (await caches.open(KEPT)).put(path, answer);
  else if (answer.ok) await forget(path);
};

const fresh = async (event, path) => {
  const answer = await fetch(event.request);
  // A navigation is told of a way to the login by an answer that cannot be looked into.
  if (answer.type === "opaqueredirect") event.waitUntil(caches.delete(KEPT));
  else event.waitUntil(keep(path, answer.clone()));
  return answer;
};

const old = async (path) => {
  const found = await (await caches.open(KEPT)).match(path);
  if (!found) return null;
  if (Date.now() - Date.parse(found.headers.get("date")) < LONGEST) return found;
  await forget(path);
  return null;
};

// With a signal as the hub has it; one that is too weak for that within seconds counts as none.
const opened = async (event, path) => {
  const asked = fresh(event, path);
  const late = new Promise((_, tooLate) => setTimeout(() => tooLate(new Error("late")), WITHIN));
  try {
    return await Promise.race([asked, late]);
  } catch {
    return (await old(path)) ?? asked;
  }
};

const part = async (request) => (await (await caches.open(KEPT)).match(request)) ?? fetch(request);

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const proved = CERTIFICATE.exec(pathname);
  if (proved) event.waitUntil(forget(proved[1]));
  else if (PAGE.test(pathname)) event.respondWith(event.request.mode === "navigate" ? opened(event, pathname) : fresh(event, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(part(event.request));
});

// A page that was opened before this worker was there says what it is made of.
self.addEventListener("message", (event) => {
  event.waitUntil((async () => {
    const { page, parts } = event.data;
    const kept = await caches.open(KEPT);
    for (const one of await kept.keys()) {
      const { pathname, search } = new URL(one.url);
      if (pathname.startsWith("/static/") && !parts.includes(pathname + search)) await kept.delete(one);
    }
    for (const one of parts) if (!(await kept.match(one))) await kept.add(one);
    if (page) await keep(page, await fetch(page));
  })());
});
