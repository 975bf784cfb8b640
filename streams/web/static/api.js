// What the page asks of the worker. The token is kept for this tab alone.

const TOKEN = "shopstreams-token";

export function token() {
  try { return sessionStorage.getItem(TOKEN) ?? ""; } catch { return ""; }
}

export function keepToken(value) {
  try { sessionStorage.setItem(TOKEN, value); } catch { /* a private window */ }
}

function headers(more = {}) {
  return token() ? { Authorization: `Bearer ${token()}`, ...more } : more;
}

async function answered(response) {
  const found = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) throw Object.assign(new Error(found.error), { status: response.status });
  return found;
}

export async function get(path, query = {}, signal = undefined) {
  const asked = new URLSearchParams(query).toString();
  return answered(await fetch(asked ? `${path}?${asked}` : path, { headers: headers(), signal }));
}

export async function post(path, body) {
  return answered(await fetch(path, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(body),
  }));
}

// Server-sent events by fetch: EventSource can send no token.
export async function listen(path, take, signal) {
  const response = await fetch(path, { headers: headers(), signal });
  if (!response.ok) await answered(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const messages = (rest + value).split("\n\n");
    rest = messages.pop();
    for (const message of messages) {
      const [name, data] = message.split("\n");
      take(name.slice("event: ".length), JSON.parse(data.slice("data: ".length)));
    }
  }
}
