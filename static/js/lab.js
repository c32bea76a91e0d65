// Opens attacks in place, and shows results when they come. Every page works without this file.

const address = () => location.pathname + location.search;
let version = null;
async function look() {
  const asked = address();
  const headers = version ? { "If-None-Match": version } : {};
  const answer = await fetch(asked, { headers, cache: "no-store" });
  if (answer.status !== 200 || asked !== address()) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  version = answer.headers.get("ETag");
  // Each response has new form tokens, which must not count as a change.
  const token = document.querySelector("[name=csrf_token]").value;
  for (const input of fresh.getElementsByName("csrf_token")) input.setAttribute("value", token);
  // What has the focus stays where it is on the screen, also when an attack above it closes.
  const { id } = document.activeElement, top = () => document.getElementById(id)?.getBoundingClientRect().top ?? 0;
  const before = top();
  for (const part of fresh.querySelectorAll("[data-live]")) renew(document.getElementById(part.id), part);
  scrollBy(0, top() - before);
}
// Replaces an element only if it differs. The focus returns to its element.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const focused = old.contains(document.activeElement) && document.activeElement.id;
  old.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
// Shows the attack that the address opens.
function turn() {
  version = null;
  look().catch(() => location.reload());
}
document.addEventListener("click", event => {
  const link = event.target.closest("[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  link.focus({ preventScroll: true });
  history.pushState(null, "", link.href);
  turn();
});
addEventListener("popstate", turn);
async function watch() {
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, 1000);
}
watch();
