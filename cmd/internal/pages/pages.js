// Shows how it is without a reload: every few seconds the page is fetched again, and its live parts
// take the place of the present ones. Nothing is fetched while nobody looks. Without this script the
// page is right as of the time at its foot.
"use strict";
(() => {
  const every = 1000 * (document.body.dataset.every || 5);
  const parts = [".health", document.querySelector("#live") ? "#live" : "main", "footer"];
  async function look() {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const old = document.querySelector(part), now = fresh.querySelector(part);
      if (old && now && !old.contains(document.activeElement)) old.replaceWith(now);
    }
  }
  setInterval(() => look().catch(() => {}), every);
})();
