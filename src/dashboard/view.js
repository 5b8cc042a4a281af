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

/* Buttons of which one is pressed. */
export function choice(box, options, chosen, choose) {
    box.replaceChildren(...options.map(([value, words]) => {
        const button = element("button", words, { type: "button", "aria-pressed": String(value === chosen) });
        button.dataset.value = value;
        button.addEventListener("click", () => choose(value));
        return button;
    }));
}

/* What is there becomes what shall be, where they differ: focus and scrolling stay where they are. */
export function renew(list, rows) {
    rows.forEach((wanted, i) => {
        const now = list.children[i];
        if (!now) list.append(wanted);
        else if (!now.isEqualNode(wanted)) {
            const focused = now.contains(document.activeElement);
            now.replaceWith(wanted);
            if (focused) wanted.querySelector("a")?.focus({ preventScroll: true });
        }
    });
    while (list.children.length > rows.length) list.lastElementChild.remove();
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
