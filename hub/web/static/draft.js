// What an operator typed of an alert stays in this tab while another one is dealt with, until it was sent; and the queue
// says which one was closed, as what, so that a slip is seen.
(() => {
  "use strict";
  const DRAFT = "nightlight-draft:";
  const SENT = "nightlight-sent:";
  const CLOSED = "nightlight-closed";
  const here = location.pathname.match(/^\/console\/alert\/\d+/)?.[0];
  const field = () => document.getElementById("text");

  // Whoever comes back to a page by the browser's button may never have got it sent.
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  Object.keys(sessionStorage).filter((key) => key.startsWith(SENT)).forEach((key) => {
    if (!back) sessionStorage.removeItem(DRAFT + key.slice(SENT.length));
    sessionStorage.removeItem(key);
  });
  const done = document.getElementById("done");
  const closed = sessionStorage.getItem(CLOSED);
  if (done && closed && !back) {
    const [alert, what] = JSON.parse(closed);
    done.firstElementChild.textContent = what;
    done.lastElementChild.href = alert;
    done.hidden = false;
  }
  if (done) sessionStorage.removeItem(CLOSED);
  if (!here || !field()) return;

  const kept = sessionStorage.getItem(DRAFT + here);
  if (kept && !field().value) field().value = kept;
  document.addEventListener("input", (event) => {
    if (event.target === field()) sessionStorage.setItem(DRAFT + here, field().value);
  });
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.contains(field())) return;
    sessionStorage.setItem(SENT + here, "yes");
    const as = event.submitter?.name === "outcome" ? event.submitter.textContent : "";
    const which = document.querySelector("h1").textContent.trim();
    if (as) sessionStorage.setItem(CLOSED, JSON.stringify([here, `Closed: ${which}, as “${as}”.`]));
  });
})();
