/* SPDX-License-Identifier: Apache-2.0 */
/* view.js - what the views share: times, rows of a list, choices, and asking again and again. */
import { element, line } from "./parts.js";
import { link } from "./mcp.js";

export const $ = id => document.getElementById(id);

/* --- times ------------------------------------------------------------------------------------- */

export function ago(iso) {
    const s = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
    if (s < 45) return "just now";
    if (s < 3600) return Math.max(1, Math.round(s / 60)) + " min ago";
    if (s < 86400) return Math.round(s / 3600) + " h ago";
    return s < 172800 ? "yesterday" : Math.round(s / 86400) + " days ago";
}

export function clock(iso) {
    return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function timeOf(iso) {
    return element("time", ago(iso), { datetime: iso, title: clock(iso) });
}

/* --- names ------------------------------------------------------------------------------------- */

export const LIMITS = { wall: "time", cpu: "CPU time", memory: "memory", pids: "processes", open_files: "open files",
                 file: "size of a file", scratch: "scratch space", inodes: "files in scratch space", output: "output kept",
                 workspace_growth: "growth of the workspace" };

/* --- pieces -------------------------------------------------------------------------------------- */

/* A row that leads somewhere: {href, tone, sign, title, under: [...], aside}. */
export function row({ href, tone, sign, title, under, aside, current, key }) {
    const item = element("li"), anchor = element("a", undefined, { href, class: "row" });
    if (key) item.dataset.key = key;
    if (tone !== undefined) anchor.append(element("i", undefined, { class: "sign", "data-tone": tone, "data-sign": sign,
        role: "img", "aria-label": sign }));
    const words = element("span", undefined, { class: "words" });
    words.append(element("b", line(title)));
    const below = element("small");
    below.append(...under.filter(Boolean).flatMap((part, i) => i ? [" · ", part] : [part]));
    words.append(below);
    anchor.append(words);
    if (aside) anchor.append(element("span", aside, { class: "aside" }));
    if (current) anchor.setAttribute("aria-current", "true");
    item.append(anchor);
    return item;
}

/* Buttons of which one is pressed; those that are there already stay, for who is about to press one. */
export function choice(box, options, chosen, choose) {
    const same = box.children.length === options.length;
    if (!same) box.replaceChildren(...options.map(() => element("button", "", { type: "button" })));
    options.forEach(([value, words], i) => {
        const button = box.children[i];
        if (button.textContent !== words) button.textContent = words;
        button.setAttribute("aria-pressed", String(value === chosen));
        button.dataset.value = value;
        button.onclick = () => choose(value);
    });
}

/* What is there becomes what is wanted, where they differ. Who is about to press a row, or has the focus
 * on it, finds it where it was. */
function patch(now, wanted) {
    const anchor = now.querySelector("a"), next = wanted.querySelector("a");
    if (!anchor || !next) { now.replaceChildren(...wanted.childNodes); return; }
    anchor.href = next.getAttribute("href");
    if (next.hasAttribute("aria-current")) anchor.setAttribute("aria-current", "true");
    else anchor.removeAttribute("aria-current");
    const parts = [...next.children]; /* which leave it, one by one */
    parts.forEach((child, i) => {
        if (!anchor.children[i]) anchor.append(child);
        else if (!anchor.children[i].isEqualNode(child)) anchor.children[i].replaceWith(child);
    });
    while (anchor.children.length > parts.length) anchor.lastElementChild.remove();
}

export function renew(list, rows) {
    const had = new Map([...list.children].map(item => [item.dataset.key, item])), focused = document.activeElement;
    const kept = rows.map(wanted => {
        const now = had.get(wanted.dataset.key);
        if (!now || !wanted.dataset.key) return wanted;
        if (!now.isEqualNode(wanted)) patch(now, wanted);
        return now;
    });
    kept.forEach((item, i) => {
        if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
    });
    while (list.children.length > kept.length) list.lastElementChild.remove();
    if (focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });
}

export function problem(error) {
    return error.kind === "scope" ? "This token may not see that." : line(error.message);
}

/* --- again and again ---------------------------------------------------------------------------------- */

/* Calls `look` now and again as long as it is begun and somebody sees the page; it returns how long to wait, or null
 * for no more. What fails is tried again, ever less often. */
export class Watch {
    constructor(look, failed) {
        this.look = look;
        this.failed = failed;
        this.turn = 0;
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && this.begun) this.begin();
        });
    }

    begin() {
        this.begun = true;
        this.turn++;
        clearTimeout(this.timer);
        this.go(this.turn, 0);
    }

    end() {
        this.begun = false;
        this.turn++;
        clearTimeout(this.timer);
    }

    async go(turn, failures) {
        let wait = null;
        try {
            wait = await this.look();
            failures = 0;
        } catch (error) {
            if (turn !== this.turn) return;
            this.failed?.(error);
            const limit = Math.min(500 * 2 ** ++failures, 10000);
            wait = error.kind === "token" ? null : error.kind === "slow" ? Math.max(limit, 1000 * link.slow) : limit;
        }
        if (turn !== this.turn || wait === null) return;
        if (!document.hidden) this.timer = setTimeout(() => this.go(turn, failures), wait);
    }
}
