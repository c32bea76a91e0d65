// Serves the pages of a relying party at ORIGIN. A page is a function of its address. The answer is the JSON of what it
// returns, or a redirect if that is an address. An error of the library is answered with 400.

import { createServer } from "node:http";

export function serve(pages) {
  const origin = process.env.ORIGIN;
  const server = createServer(async (request, response) => {
    const address = new URL(request.url, origin);
    const [status, headers, body] = await answer(pages[address.pathname], address);
    response.writeHead(status, headers).end(body);
  });
  server.listen(new URL(origin).port, "127.0.0.1", () => console.log("ready"));
}

async function answer(page, address) {
  if (!page) return [404, {}, ""];
  try {
    const result = await page(address);
    if (result instanceof URL) return [303, { Location: result.href }, ""];
    return [200, { "Content-Type": "application/json" }, JSON.stringify(result)];
  } catch (error) {
    console.error(error);
    const claim = error.cause?.claim ?? error.cause?.cause?.claim; // what is wrong in an ID token
    const reason = { error: error.error ?? error.code ?? error.name, message: error.message, claim };
    return [400, { "Content-Type": "application/json" }, JSON.stringify(reason)];
  }
}
