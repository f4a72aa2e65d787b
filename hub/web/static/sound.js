// The console's tones: made here, muted until a time that is shown, and loud about a browser that forbids them.
(() => {
  "use strict";
  const state = document.getElementById("sound-state");
  const button = document.getElementById("sound");
  if (!state || !button) return;
  const MUTED = "nightlight-muted-until";
  const MUTE_FOR = 10 * 60 * 1000;
  // Whoever deals with an alert is reminded of the others more seldom.
  const AGAIN_AFTER = (document.querySelector(".queue") ? 30 : 120) * 1000;
  const AT_LEAST_BETWEEN = 900;
  const sound = new AudioContext();
  let last = 0;

  const mutedUntil = () => Number(localStorage.getItem(MUTED)) || 0;
  const muted = () => mutedUntil() > Date.now();
  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  const show = () => {
    const forbidden = sound.state !== "running";
    const says = muted() ? `Muted until ${clock(mutedUntil())}` : forbidden ? "No sound yet: click or press a key" : "Sound is on";
    if (state.textContent !== says) state.textContent = says;
    state.classList.toggle("red", forbidden && !muted());
    button.hidden = false;
    button.setAttribute("aria-pressed", String(muted()));
    button.firstChild.textContent = muted() ? "End mute" : "Mute for 10 min";
  };

  const tone = (at, pitch, volume) => {
    const source = sound.createOscillator();
    const gain = sound.createGain();
    source.frequency.value = pitch;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(volume, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    source.connect(gain).connect(sound.destination);
    source.start(at);
    source.stop(at + 0.22);
  };

  // Two high tones for somebody who may need help now, a low soft one for a look within the hour.
  const play = (kind) => {
    if (muted() || sound.state !== "running" || Date.now() - last < AT_LEAST_BETWEEN) return;
    last = Date.now();
    document.body.dataset.played = kind;
    if (kind === "call") [0, 0.25].forEach((delay) => tone(sound.currentTime + delay, 740, 0.2));
    else tone(sound.currentTime, 392, 0.08);
  };

  const waits = () => Number(document.querySelector("[data-waiting]")?.dataset.waiting) > 0;
  const allow = () => { if (sound.state !== "running") sound.resume().then(show, show); };

  button.addEventListener("click", () => {
    localStorage.setItem(MUTED, muted() ? "0" : String(Date.now() + MUTE_FOR));
    show();
  });
  // Not as the pointer goes down: what this says gets shorter, and must not move what is being pressed.
  ["pointerup", "keydown"].forEach((name) => document.addEventListener(name, allow));
  document.addEventListener("nightlight:news", (event) => play(event.detail));
  sound.addEventListener("statechange", show);
  setInterval(() => {
    show();
    if (waits() && Date.now() - last > AGAIN_AFTER) play("call");
  }, 1000);
  show();
})();
