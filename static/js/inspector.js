// Opens the message of a selected arrow, and adds new messages to the page.
// Every page works without this file.

function show(number) {
  const message = document.getElementById(`message-${number}`)?.closest("details");
  if (!message) return false;
  message.open = true;
  begin(message);
  message.querySelector("summary").focus({ preventScroll: true });
  return true;
}
// Scrolls to the beginning of a message: in its panel, and in the window if it is not there yet.
function begin(message) {
  const panel = message.closest(".panel"), isScroller = panel.scrollHeight > panel.clientHeight;
  if (isScroller) panel.scrollTop += message.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  message.scrollIntoView({ block: isBesideDiagram(panel) ? "nearest" : "start" });
}
function isBesideDiagram(panel) {
  return getComputedStyle(panel).position === "sticky";
}
// Scrolls to the marked arrow if it is out of view, and the message stays in view.
function bringArrow(message) {
  if (isBesideDiagram(message.closest(".panel"))) document.querySelector(".step[aria-current]")?.scrollIntoView({ block: "nearest" });
}
document.addEventListener("click", event => {
  const link = event.target.closest("[data-message]");
  if (link && show(link.dataset.message)) event.preventDefault();
});

// Only one message is open at a time. Its arrow is marked, and the address contains its number.
document.addEventListener("toggle", event => {
  if (!event.target.matches?.(".message") || !event.target.open) return;
  const others = [...document.querySelectorAll(".message[open]")].filter(other => other !== event.target);
  for (const other of others) other.open = false;
  if (others.length) begin(event.target); // the page has become shorter above it
  pointTo(event.target);
  bringArrow(event.target);
}, true);
function pointTo(message) {
  const { number, href } = message.dataset;
  for (const step of document.querySelectorAll(".step")) {
    if (step.dataset.message === number) step.setAttribute("aria-current", "true");
    else step.removeAttribute("aria-current");
  }
  if (location.search + location.hash !== href.slice(href.indexOf("?"))) history.replaceState(null, "", href);
}

// Requests the page again each second, with the digests of its parts. The server answers 304 while nothing has changed,
// or else with the parts that have changed. An address without a flow shows the newest round trip, until the user opens
// a message or selects a flow.
let version = document.getElementById("live").dataset.version;
async function look() {
  const address = location.href;
  const have = [...document.querySelectorAll("[data-digest]")].map(part => part.dataset.digest).join(" ");
  const headers = { "If-None-Match": `W/"${version}"`, "X-Inspector-Have": have };
  const answer = await fetch(address, { headers, cache: "no-store" });
  if (answer.status !== 200) return;
  const parts = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-digest]");
  if (location.href !== address) return; // the user has opened another page since then
  version = answer.headers.get("ETag").slice(3, -1);
  const focusAgain = focusedArrow();
  for (const part of parts) renew(document.getElementById(part.id), part);
  focusAgain();
  const open = document.querySelector(".message[open]");
  if (open) pointTo(open); // messages are ordered by their requests, so a number can change
  followNow();
}
// Replaces only the elements that differ, so that scroll positions and the focus stay unchanged.
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
// Matches elements with an id by their id, and all others by their position.
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
// A drawing is replaced as a whole. Returns a function that focuses the same arrow again, which it finds by its message,
// since the number of a message can change.
function focusedArrow() {
  const arrow = document.activeElement.closest(".step");
  const message = arrow && document.querySelector(`.message[data-number="${arrow.dataset.message}"]`);
  if (!message) return () => {};
  const alike = () => [...document.querySelectorAll(`.step[data-message="${message.dataset.number}"]`)];
  const place = alike().indexOf(arrow);
  return () => alike()[place]?.focus({ preventScroll: true });
}

// Scrolls a wide timeline so that "now" is visible, or its tokens after their end, until the user scrolls it.
const scrolled = new WeakMap();
function followNow() {
  for (const now of document.querySelectorAll(".timeline .now")) {
    const region = now.closest(".scroll");
    if (region.scrollLeft !== (scrolled.get(region) ?? 0)) continue;
    if (now.closest(".over")) region.scrollLeft = 0;
    else region.scrollLeft += now.getBoundingClientRect().left - region.getBoundingClientRect().left - 0.7 * region.clientWidth;
    scrolled.set(region, region.scrollLeft);
  }
}

async function watch() {
  const began = performance.now();
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, Math.max(1000, 4 * (performance.now() - began))); // a long flow takes the server longer
}
addEventListener("load", () => { // the browser has scrolled to the anchor
  const open = document.querySelector(".message[open]");
  if (open && /^#(message|exchange)-/.test(location.hash)) bringArrow(open);
});
followNow();
watch();
