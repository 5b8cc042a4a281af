/* SPDX-License-Identifier: Apache-2.0 */
/* parts.js - words, amounts and small pieces about a run. Of the dashboard, and word for word within
 * the page that clients show (mcp/run_page.html): it may import nothing. */

export function element(name, text, attributes) {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return made;
}

/* --- text that others wrote --------------------------------------------------------------------- */

/* Escape sequences are for terminals, and say nothing here. What would hide, or turn around, what
 * comes after it is shown as a sign. */
const ESCAPES = /\x1b\[[0-?]*[ -\/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()*+][0-9A-Za-z]|\x1b[=>78cDEHM]/g;
const HIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

export function shown(text) {
    return String(text ?? "").replace(ESCAPES, "").replace(/\r\n?/g, "\n")
        .replace(HIDDEN, sign => String.fromCharCode(sign === "\x7f" ? 0x2421 : 0x2400 + sign.charCodeAt(0)))
        .replace(TURNING, sign => "\u27e8U+" + sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");
}

/* The same for what has one line. */
export function line(text) { return shown(text).replace(/[\n\t\u2028\u2029]+/g, " "); }

/* --- amounts ------------------------------------------------------------------------------------ */

export function seconds(value) {
    if (value >= 7200) return Math.floor(value / 3600) + " h";
    if (value >= 600) return Math.floor(value / 60) + " min";
    return value >= 10 ? value.toFixed(0) + " s" : value >= 0.1 ? value.toFixed(1) + " s"
        : (value * 1000).toFixed(value < 0.001 ? 1 : 0) + " ms";
}
export function megabytes(value) {
    return value >= 10000 ? (value / 1024).toFixed(1) + " GB" : value.toFixed(value < 10 ? 1 : 0) + " MB";
}
export function bytes(value) {
    return value < 1000 ? value + " B" : value < 1048576 ? (value / 1024).toFixed(0) + " KB"
        : megabytes(value / 1048576);
}

/* --- an end --------------------------------------------------------------------------------------- */

const ENDS = {
    wall: "time limit reached", cpu: "CPU limit reached", memory: "memory limit reached",
    output: "output limit reached", disk: "disk limit reached", cancelled: "cancelled",
    refused: "refused", fault: "could not be run",
};

export function endWords(result) {
    const words = ENDS[result.end];
    if (result.end === "signalled") return "ended by " + (result.signal ?? "a signal");
    if (words) return words;
    return result.exit_code === 0 ? "ended, exit 0"
        : result.exit_code === undefined ? result.status : "ended, exit " + result.exit_code;
}

export function endTone(result) {
    return result.status === "completed" && result.exit_code === 0 ? "good"
        : result.status === "cancelled" ? "" : "bad";
}

/* [before, name, after] of each row, and what is said of those that are not there. */
export function deniedRows(result) {
    return [(result.denied ?? []).map(row =>
        [row.what + " ", row.name, row.count > 1 ? ", " + row.count + " times" : ""]),
        result.denied_omitted ? result.denied_omitted + " others" : ""];
}

const CHANGES_MAX = 50;

export function changeRows(result) {
    const left = Math.max(0, (result.changes?.length ?? 0) - CHANGES_MAX) + (result.changes_omitted ?? 0);
    return [(result.changes ?? []).slice(0, CHANGES_MAX).map(row => [row.kind + " ", row.path,
        row.kind === "removed" ? "" : ", " + bytes(row.bytes)]), left ? left + " others" : ""];
}

export function showList(section, [rows, rest]) {
    const list = section.querySelector("ul");
    section.hidden = rows.length === 0 && !rest;
    list.replaceChildren(...rows.map(([before, name, after]) => {
        const item = element("li", before);
        item.append(element("b", line(name)), after);
        return item;
    }));
    if (rest) list.append(element("li", rest));
}

export function showPairs(list, facts) {
    list.replaceChildren(...facts.filter(([, value]) => value !== undefined && value !== null && value !== "")
        .flatMap(([name, value]) => [element("dt", name), element("dd", line(value))]));
    return list.children.length > 0;
}

export function moreFacts(result, id) {
    return [["policy", result.policy], ["job", result.job_id ?? id],
        ["python", result.python_version_used], ["installed", (result.installed ?? []).join(", ")],
        ["reached", (result.reached ?? []).join(", ")], ["warnings", (result.warnings ?? []).join(" ")],
        ...Object.entries(result.layers ?? {})];
}

export function showProgress(box, progress) {
    const bar = box.querySelector("progress");
    box.hidden = !progress;
    if (!progress) return;
    if (progress.total > 0) { bar.max = progress.total; bar.value = progress.current; }
    else bar.removeAttribute("value");
    box.querySelector(".told").textContent = line(progress.message);
}

/* --- what is used, beside its limit ----------------------------------------------------------------- */

/* [what, unit, the limit's name] */
const METERS = {
    wall: ["Time", seconds, "wall_seconds"], cpu: ["CPU time", seconds, "cpu_seconds"],
    memory: ["Memory, peak", megabytes, "memory_mb"], processes: ["Processes", String, "pids"],
    output: ["Output", bytes, "output_bytes"],
};

export function usedAtEnd(result) {
    const usage = result.usage;
    return !usage ? {} : {
        wall: usage.wall_seconds, cpu: usage.cpu_user_seconds + usage.cpu_system_seconds,
        memory: usage.peak_memory_mb, processes: usage.processes_peak,
        output: (result.output?.stdout_bytes ?? 0) + (result.output?.stderr_bytes ?? 0),
    };
}

export function showMeters(box, used, limits) {
    box.replaceChildren(...Object.entries(METERS).filter(([key]) => Number.isFinite(used[key]))
        .map(([key, [name, print, limitName]]) => {
            const limit = limits?.[limitName], meter = element("div", undefined, { class: "meter" });
            meter.append(element("h2", name),
                element("span", print(used[key]) + (limit > 0 ? " of " + print(limit) : "")));
            if (limit > 0) {
                const bar = element("div", undefined, { class: "bar" }), part = used[key] / limit;
                const fill = element("i");
                fill.style.width = Math.min(100, 100 * part) + "%";
                if (part >= 0.98) fill.dataset.full = "";
                bar.append(fill);
                meter.append(bar);
            }
            return meter;
        }));
}
