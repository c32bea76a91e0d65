// The inspector, live: an arrow opens its message beside the diagram, and new messages appear as they happen.
// Every page works without this file.

function show(number) {
  const message = document.getElementById(`message-${number}`)?.closest("details");
  if (!message) return false;
  message.open = true;
  const panel = message.closest(".panel"), summary = message.querySelector("summary");
  const isScroller = panel.scrollHeight > panel.clientHeight;
  if (isScroller) panel.scrollTop += message.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  (isScroller ? summary : message).scrollIntoView({ block: "nearest" });
  summary.focus({ preventScroll: true });
  return true;
}
document.addEventListener("click", event => {
  const link = event.target.closest("[data-message]");
  if (link && show(link.dataset.message)) event.preventDefault();
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

// What is on the screen is asked for again each second; the server answers 304 as long as nothing is new. The address decides:
// without a flow in it, that is the newest round trip, until a message is opened or something is chosen.
let version = null;
async function look() {
  const address = location.href;
  const headers = version ? { "If-None-Match": version } : {};
  const answer = await fetch(address, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (location.href !== address) return; // meanwhile something else was opened: this may be another flow
  version = answer.headers.get("ETag");
  const fresh = page.getElementById("live");
  if (!fresh) return;
  const focusAgain = focusedArrow();
  renew(document.getElementById("live"), fresh);
  focusAgain();
  const open = document.querySelector(".message[open]");
  if (open) pointTo(open); // a message may have got another number: what was asked first is told first
  followNow();
}
// Only what differs is exchanged, so that what somebody reads, scrolls or has focused stays as it is.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const isAlike = old.nodeName === fresh.nodeName && old.nodeType === Node.ELEMENT_NODE && old.id === fresh.id;
  if (!isAlike || old.namespaceURI.endsWith("svg")) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (name !== "open") old.setAttribute(name, value);
  if (old.children.length && fresh.children.length) renewChildren(old, fresh);
  else old.replaceChildren(...fresh.childNodes);
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
// A drawing is exchanged as a whole; the arrow that had the focus is known by its message, whose number may change.
function focusedArrow() {
  const arrow = document.activeElement.closest(".step");
  const message = arrow && document.querySelector(`.message[data-number="${arrow.dataset.message}"]`);
  if (!message) return () => {};
  const alike = () => [...document.querySelectorAll(`.step[data-message="${message.dataset.number}"]`)];
  const place = alike().indexOf(arrow);
  return () => alike()[place]?.focus({ preventScroll: true });
}

// Where a timeline is wider than the screen, "now" is in sight, until somebody scrolls it.
const scrolled = new WeakMap();
function followNow() {
  for (const now of document.querySelectorAll(".timeline .now")) {
    const region = now.closest(".scroll");
    if (region.scrollLeft !== (scrolled.get(region) ?? 0)) continue;
    region.scrollLeft += now.getBoundingClientRect().left - region.getBoundingClientRect().left - 0.7 * region.clientWidth;
    scrolled.set(region, region.scrollLeft);
  }
}

async function watch() {
  const began = performance.now();
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, Math.max(1000, 4 * (performance.now() - began))); // a long flow takes longer: leave the server time
}
followNow();
watch();
