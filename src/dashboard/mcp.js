/* SPDX-License-Identifier: Apache-2.0 */
/* mcp.js - this server, asked as any client asks it: MCP 2026-07-28, one POST per question. */

const VERSION = "2026-07-28";
const META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": { name: "cordon-dashboard", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {
        extensions: { "io.modelcontextprotocol/ui": { mimeTypes: ["text/html;profile=mcp-app"] } },
    },
};
const KEPT = "cordon token";

/* --- whether it answers --------------------------------------------------------------------------- */

/* "change" whenever one of these has: up (it answers), wanted (it asks for a token), slow (seconds
 * that it told us to wait). */
export const link = Object.assign(new EventTarget(), { up: null, wanted: false, slow: 0 });

function changed(now) {
    if (Object.keys(now).every(key => link[key] === now[key])) return;
    Object.assign(link, now);
    link.dispatchEvent(new Event("change"));
}

/* --- who asks -------------------------------------------------------------------------------------- */

/* In memory, and if its owner says so in what the browser keeps for this tab; never in an address. */
let token = sessionStorage.getItem(KEPT);

export function hasToken() { return token !== null; }

export function signIn(given, keep) {
    token = given;
    if (keep) sessionStorage.setItem(KEPT, given);
    else sessionStorage.removeItem(KEPT);
    changed({ wanted: false, up: null });
}

export function signOut() {
    token = null;
    sessionStorage.removeItem(KEPT);
    changed({ wanted: true });
}

/* --- one question ---------------------------------------------------------------------------------- */

/* `kind`: "offline", "token" (missing or not good any more), "scope", "slow", or "" */
export class Failure extends Error {
    constructor(kind, message) { super(message); this.kind = kind; }
}

const KINDS = { 401: "token", 403: "scope", 429: "slow", 503: "slow" };
let lastId = 0;

/* A header has ASCII alone. */
function headerValue(text) {
    if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?")) return text;
    return "=?base64?" + btoa(String.fromCharCode(...new TextEncoder().encode(text))) + "?=";
}

function headersFor(method, params) {
    const headers = { "Accept": "application/json, text/event-stream", "Content-Type": "application/json",
                      "MCP-Protocol-Version": VERSION, "Mcp-Method": method };
    const name = params.name ?? params.uri;
    if (name !== undefined) headers["Mcp-Name"] = headerValue(name);
    if (token !== null) headers.Authorization = "Bearer " + token;
    return headers;
}

/* The one answer: the body, or at the end of a stream. */
async function answerOf(response, id) {
    const text = await response.text();
    if (!(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream"))
        return JSON.parse(text);
    for (const event of text.split("\n\n"))
        for (const row of event.split("\n"))
            if (row.startsWith("data: {")) {
                const message = JSON.parse(row.slice(6));
                if (message.id === id) return message;
            }
    throw new Failure("offline", "the server ended before it answered");
}

async function post(method, params) {
    const id = ++lastId;
    const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta: META } });
    let response;
    try {
        response = await fetch("mcp", { method: "POST", body, headers: headersFor(method, params),
                                        cache: "no-store", credentials: "omit", redirect: "error" });
    } catch {
        throw new Failure("offline", "the server does not answer");
    }
    const kind = KINDS[response.status] ?? "";
    if (kind === "slow") changed({ slow: Number(response.headers.get("Retry-After")) || 1 });
    let message = null;
    try { message = await answerOf(response, id); }
    catch (error) { if (response.ok) throw error.kind ? error : new Failure("offline", "the answer broke off"); }
    if (message?.error || !response.ok)
        throw new Failure(kind, message?.error?.message ?? `the server answered ${response.status}`);
    return message.result;
}

async function ask(method, params) {
    try {
        const result = await post(method, params);
        changed({ up: true, wanted: false, slow: 0 });
        return result;
    } catch (error) {
        if (error.kind === "token") { token = null; sessionStorage.removeItem(KEPT); }
        changed(error.kind === "token" ? { up: true, wanted: true } : { up: error.kind !== "offline" });
        throw error;
    }
}

/* --- tools and resources ------------------------------------------------------------------------------ */

/* A tool's object; what it says is wrong becomes a failure. */
export async function call(name, args = {}) {
    const result = await ask("tools/call", { name, arguments: args });
    if (result.isError) {
        const said = result.structuredContent?.error ?? result.content?.[0]?.text;
        throw new Failure("", said ?? "it failed");
    }
    return result.structuredContent;
}

/* A resource: {text or blob, _meta}. */
export async function read(uri) {
    return (await ask("resources/read", { uri })).contents[0];
}

export async function readJson(uri) { return JSON.parse((await read(uri)).text); }

/* {name, version} of the server. */
export async function server() {
    return (await ask("server/discover", {}))._meta?.["io.modelcontextprotocol/serverInfo"] ?? {};
}
