/* SPDX-License-Identifier: Apache-2.0 */
/* main.js - which view is shown; signing in; keys; light and dark. */
import { hasToken, link, signIn, signOut } from "./mcp.js";
import { choose, runs } from "./runs.js";
import { closeRun, openRun, rest } from "./run.js";
import { showPolicies, showScripts } from "./library.js";
import { showHost } from "./host.js";
import { board } from "./board.js";
import { $ } from "./view.js";

/* --- views --------------------------------------------------------------------------------------------- */

/* A telephone has room for the list alone. */
const wide = matchMedia("(min-width: 761px)");

function beginRuns(id) {
    choose(id);
    if (id) { board.end(); openRun(id); }
    else { closeRun(); wide.matches ? board.begin() : board.end(); }
    runs.begin();
}

const VIEWS = {
    runs: { begin: beginRuns, end: () => { runs.end(); rest(); board.end(); } },
    scripts: { begin: showScripts, end: () => {} },
    policies: { begin: showPolicies, end: () => {} },
    host: { begin: showHost, end: () => {} },
};
const NAMES = Object.keys(VIEWS);
let now = null;

function place() {
    const [, view, id] = /^#\/(\w+)(?:\/(.*))?$/.exec(location.hash) ?? [];
    let name = null;
    try { name = id ? decodeURIComponent(id) : null; } catch { /* a bad address names nothing */ }
    return NAMES.includes(view) ? { view, id: name } : { view: "runs", id: null };
}

function show() {
    const { view, id } = place();
    if (now && now.view !== view) VIEWS[now.view].end();
    const another = !now || now.view !== view || now.id !== id;
    now = { view, id };
    for (const question of document.querySelectorAll("dialog[open]")) question.close(); /* it was about another */
    document.body.dataset.deep = id ? "yes" : "no";
    for (const name of NAMES) $(name).hidden = name !== view || link.wanted;
    for (const anchor of document.querySelectorAll("#views a"))
        if (anchor.hash === "#/" + view) anchor.setAttribute("aria-current", "page");
        else anchor.removeAttribute("aria-current");
    if (link.wanted) return;
    if (another && id) scrollTo(0, 0);
    VIEWS[view].begin(id);
}

/* --- whether the server answers, and who asks ------------------------------------------------------------- */

function showLink() {
    const [words, tone] = link.wanted ? ["signed out", ""] : link.slow ? ["asked to slow down", ""]
        : link.up === null ? ["connecting", ""] : link.up ? ["live", "good"] : ["no answer, trying again", "bad"];
    $("link").textContent = words;
    $("link").dataset.tone = tone;
    $("leave").hidden = !hasToken();
    $("views").hidden = link.wanted;
    const was = !$("signin").hidden;
    $("signin").hidden = !link.wanted;
    if (link.wanted && !was) {
        VIEWS[now.view].end();
        show();
        $("token").focus();
    }
}

let tried = false;

link.addEventListener("change", () => {
    if (link.wanted && tried) {
        $("signin-error").hidden = false;
        $("signin-error").textContent = "The server does not take this token.";
    }
    if (link.up && !link.wanted) tried = false;
    showLink();
});

$("signin").querySelector("form").addEventListener("submit", event => {
    event.preventDefault();
    const given = $("token").value.trim();
    $("token").value = "";
    if (!/^[\x21-\x7e]+$/.test(given)) {
        $("signin-error").hidden = false;
        $("signin-error").textContent = "A token is letters, digits and signs without blanks.";
        return;
    }
    $("signin-error").hidden = true;
    tried = true;
    signIn(given, $("keep").checked);
    showLink();
    show();
});

$("leave").addEventListener("click", () => { closeRun(); signOut(); });

/* --- light and dark ------------------------------------------------------------------------------------------ */

const THEMES = { auto: "light dark", light: "light", dark: "dark" };
const SIGNS = { auto: "◐", light: "○", dark: "●" };

function setTheme(theme) {
    document.documentElement.style.colorScheme = THEMES[theme];
    $("theme").textContent = SIGNS[theme];
    $("theme").title = "Colours: " + (theme === "auto" ? "as the system has them" : theme);
    $("theme").setAttribute("aria-label", $("theme").title);
    $("theme").dataset.theme = theme;
    localStorage.setItem("cordon theme", theme);
}

$("theme").addEventListener("click", () => {
    const names = Object.keys(THEMES);
    setTheme(names[(names.indexOf($("theme").dataset.theme) + 1) % names.length]);
});

/* --- keys ------------------------------------------------------------------------------------------------------- */

function step(by) {
    const rows = [...document.querySelectorAll(`#${now.view} .rows a`)];
    if (rows.length === 0) return;
    const at = rows.indexOf(document.activeElement), chosen = rows.findIndex(one => one.getAttribute("aria-current"));
    const next = at >= 0 ? at + by : chosen >= 0 ? chosen + by : by > 0 ? 0 : rows.length - 1;
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
}

const KEYS = {
    j: () => step(1), k: () => step(-1), "?": () => $("keys").showModal(),
    "/": () => { if (now.view !== "runs") location.hash = "#/runs"; $("runs-find").focus(); },
    Escape: () => { if (now.id) location.hash = "#/" + now.view; },
    ...Object.fromEntries(NAMES.map((name, i) => [String(i + 1), () => { location.hash = "#/" + name; }])),
};

document.addEventListener("keydown", event => {
    const typing = event.target.matches?.("input:not([type=checkbox]), textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || link.wanted) return;
    if (typing && event.key === "Escape") { event.target.blur(); return; }
    if (typing || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
});

$("help").addEventListener("click", KEYS["?"]);
$("skip").addEventListener("click", () => $("main").focus());

/* --- the beginning ------------------------------------------------------------------------------------------------- */

const kept = localStorage.getItem("cordon theme");
setTheme(Object.hasOwn(THEMES, kept ?? "") ? kept : "auto");
window.addEventListener("hashchange", show);
wide.addEventListener("change", show);
$("views").hidden = false;
show();
showLink();
