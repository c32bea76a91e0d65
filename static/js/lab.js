// Shows the result of an attack on its card when the attack has ended. Every page works without this file.

const { page } = document.currentScript.dataset;
let version = null;
async function look() {
  const headers = version ? { "If-None-Match": version } : {};
  const answer = await fetch(page, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  version = answer.headers.get("ETag");
  // Each response has new form tokens, which must not count as a change.
  const token = document.querySelector("[name=csrf_token]").value;
  for (const input of fresh.getElementsByName("csrf_token")) input.setAttribute("value", token);
  for (const part of fresh.querySelectorAll("[data-live]")) renew(document.getElementById(part.id), part);
}
// Replaces an element only if it differs. Opened parts stay open, and the focus returns to its element.
function renew(old, fresh) {
  const opened = [...old.querySelectorAll("details[open]")], focused = old.contains(document.activeElement) && document.activeElement.id;
  for (const { id } of opened) fresh.querySelector(`#${id}`)?.setAttribute("open", "");
  if (old.isEqualNode(fresh)) return;
  old.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
async function watch() {
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, 1000);
}
watch();
