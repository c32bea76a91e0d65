// The inspector, live: an arrow opens its message beside the diagram, and new messages appear as they happen.
// Every page works without this file.

function show(number, focus) {
  const message = document.getElementById(`message-${number}`)?.closest("details");
  if (!message) return false;
  message.open = true;
  const panel = message.closest(".panel");
  if (panel.scrollHeight > panel.clientHeight) panel.scrollTop = message.offsetTop - panel.offsetTop;
  else message.scrollIntoView({ block: "nearest" });
  if (focus) message.querySelector("summary").focus({ preventScroll: true });
  return true;
}
document.addEventListener("click", event => {
  const link = event.target.closest("[data-message]");
  if (link && show(link.dataset.message, true)) event.preventDefault();
});

// The opened message is the one in the address, and its arrow is marked; one message is open at a time.
document.addEventListener("toggle", event => {
  if (!event.target.matches?.(".message") || !event.target.open) return;
  for (const other of document.querySelectorAll(".message[open]")) if (other !== event.target) other.open = false;
  pointTo(event.target);
}, true);
function pointTo(message) {
  const { number, href } = message.dataset;
  for (const step of document.querySelectorAll(".step")) {
    if (step.dataset.message === number) step.setAttribute("aria-current", "true");
    else step.removeAttribute("aria-current");
  }
  if (location.search + location.hash !== href.slice(href.indexOf("?"))) history.replaceState(null, "", href);
}

// What is on the screen is asked for again each second; the server answers 304 as long as nothing is new.
let version = null;
async function look() {
  const headers = version ? { "If-None-Match": version } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  version = answer.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  if (fresh) renew(document.getElementById("live"), fresh);
  const open = document.querySelector(".message[open]");
  if (open) pointTo(open); // a message may have got another number: what was asked first is told first
}
// Only what differs is exchanged, so that what somebody reads, scrolls or has focused stays as it is.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const isAlike = old.nodeName === fresh.nodeName && old.nodeType === Node.ELEMENT_NODE && old.id === fresh.id;
  if (!isAlike || old.namespaceURI.endsWith("svg") || !old.children.length || !fresh.children.length) {
    replace(old, fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (name !== "open") old.setAttribute(name, value);
  renewChildren(old, fresh);
}
// Who has an id is known by it, wherever it stands now; the others by their places.
function renewChildren(old, fresh) {
  const named = new Map([...old.children].filter(child => child.id).map(child => [child.id, child]));
  let place = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    while (place?.id && !fresh.querySelector(`:scope > #${place.id}`)) place = drop(place);
    const twin = node.id ? named.get(node.id) : !place?.id && place;
    if (!twin) old.insertBefore(node, place);
    else if (twin === place) { place = place.nextSibling; renew(twin, node); }
    else { old.insertBefore(twin, place); renew(twin, node); }
  }
  while (place) place = drop(place);
}
function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}
function replace(old, fresh) {
  const active = old.contains(document.activeElement) && document.activeElement.dataset.message;
  old.replaceWith(fresh);
  if (active) fresh.querySelector?.(`[data-message="${active}"]`)?.focus({ preventScroll: true });
}
async function watch() {
  const began = performance.now();
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, Math.max(1000, 4 * (performance.now() - began))); // a long flow takes longer: leave the server time
}
watch();
