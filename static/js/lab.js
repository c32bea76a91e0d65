// Opens attacks in place, and shows results when they come. Every page works without this file.

let version = null;
async function look() {
  const address = location.pathname + location.search;
  const headers = version ? { "If-None-Match": version } : {};
  const answer = await fetch(address, { headers, cache: "no-store" });
  if (answer.status !== 200 || address !== location.pathname + location.search) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  version = answer.headers.get("ETag");
  // Each response has new form tokens, which must not count as a change.
  const token = document.querySelector("[name=csrf_token]").value;
  for (const input of fresh.getElementsByName("csrf_token")) input.setAttribute("value", token);
  for (const part of fresh.querySelectorAll("[data-live]")) renew(document.getElementById(part.id), part);
}
// Replaces an element only if it differs. The focus returns to its element.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) && document.activeElement.id;
  old.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
// Opens or closes an attack. Its row stays where it is on the screen, even if one above it closes.
document.addEventListener("click", async event => {
  const link = event.target.closest("[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const top = () => document.getElementById(link.dataset.opens).getBoundingClientRect().top;
  const before = top();
  history.pushState(null, "", link.href);
  version = null;
  await look().catch(() => location.reload());
  scrollBy(0, top() - before);
});
addEventListener("popstate", () => { version = null; look().catch(() => location.reload()); });
async function watch() {
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, 1000);
}
watch();
