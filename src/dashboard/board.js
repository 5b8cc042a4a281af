/* SPDX-License-Identifier: Apache-2.0 */
/* board.js - what a screen on the wall shows where no run was chosen: each that runs, with what it uses and
 * its last words, and how those before ended. */
import { element, line, seconds, shown } from "./parts.js";
import { Readings } from "./curve.js";
import { read, readJson } from "./mcp.js";
import { heard, isOpen, titleOf, toneOf, wordsOf } from "./runs.js";
import { $, clock, Watch } from "./view.js";

const CARDS_MAX = 4;
const LOOK_MS = 1000;
const LAST_BYTES = 600;
const HISTORY_MAX = 60;

const cards = new Map(); /* by job: {box, readings, said} */
let jobs = [];

/* --- one that runs ----------------------------------------------------------------------------------------- */

function figure(kind, name) {
    const made = element("figure", undefined, { class: kind }), caption = element("figcaption");
    caption.append(element("h2", name), element("output"));
    made.append(caption);
    return made;
}

function cardFor(job) {
    const box = element("a", undefined, { class: "card", href: "#/runs/" + encodeURIComponent(job.id) });
    const head = element("span", undefined, { class: "cardhead" });
    head.append(element("b", ""), element("span", "", { class: "state", "data-tone": "busy" }));
    const charts = element("span", undefined, { class: "charts", hidden: "" });
    charts.append(figure("cpu", "CPU"), figure("memory", "Memory"));
    const far = element("span", undefined, { class: "far", hidden: "" });
    far.append(element("progress", undefined, { "aria-label": "how far it is" }));
    box.append(head, far, charts, element("code", "", { class: "said" }));
    return { box, readings: new Readings(), from: -1 };
}

function showCard(card, job) {
    const [title, state] = card.box.querySelectorAll(".cardhead > *"), progress = job.progress, usage = job.usage;
    title.textContent = line(titleOf(job));
    state.textContent = seconds(Math.max(0, usage?.wall_seconds ?? (Date.now() - Date.parse(job.started_at)) / 1000));
    const far = card.box.querySelector(".far"), bar = far.firstChild;
    far.hidden = !(progress?.total > 0);
    if (!far.hidden) Object.assign(bar, { max: progress.total, value: progress.current });
    if (usage) card.readings.add({ at: usage.wall_seconds, cpu: usage.cpu_seconds, memory: usage.memory_mb });
    card.readings.show(card.box.querySelector(".charts"), job.limits);
}

/* Its last words: the end of what it wrote, read when there is more of it. */
async function listenTo(card, job) {
    const size = job.output?.stdout_bytes ?? 0;
    if (size === card.from) return;
    card.from = size;
    const from = Math.max(0, size - LAST_BYTES);
    const { text } = await read(`job-stream://${job.id}?stream=stdout&offset=${from}&length=${LAST_BYTES}`);
    const rows = shown(text ?? "").trimEnd().split("\n");
    card.box.querySelector(".said").textContent = rows.at(-1).slice(-200);
}

async function look() {
    const open = jobs.filter(job => job.status === "running").slice(0, CARDS_MAX);
    for (const id of cards.keys()) if (!open.some(job => job.id === id)) cards.delete(id);
    for (const { id } of open) {
        const { job } = await readJson("cordon://jobs/" + id);
        if (!watch.begun) return null;
        if (!isOpen(job)) { cards.delete(id); continue; }
        if (!cards.has(id)) cards.set(id, cardFor(job));
        showCard(cards.get(id), job);
        await listenTo(cards.get(id), job);
    }
    const boxes = [...cards.values()].map(card => card.box);
    if (boxes.length !== $("board-now").children.length || boxes.some((box, i) => $("board-now").children[i] !== box))
        $("board-now").replaceChildren(...boxes);
    return LOOK_MS;
}

const watch = new Watch(look);

/* --- those before ---------------------------------------------------------------------------------------------- */

function lasted(job) {
    return job.started_at && job.completed_at ? (Date.parse(job.completed_at) - Date.parse(job.started_at)) / 1000 : 0;
}

/* One column for each, as high as it was long: from a hundredth of a second to an hour. */
function column(job) {
    const part = Math.log10(Math.max(0.01, Math.min(3600, lasted(job))) / 0.01) / Math.log10(3600 / 0.01);
    const words = `${line(titleOf(job))}, ${wordsOf(job)}, ${seconds(lasted(job))}, ${clock(job.created_at)}`;
    const made = element("a", undefined, { href: "#/runs/" + encodeURIComponent(job.id), title: words,
                                           "aria-label": words, "data-tone": toneOf(job) });
    made.style.height = 8 + 56 * part + "px";
    return made;
}

function showBefore() {
    const ended = jobs.filter(job => !isOpen(job)).slice(0, HISTORY_MAX), running = jobs.filter(isOpen).length;
    const tally = tone => ended.filter(job => toneOf(job) === tone).length;
    const said = [[tally("good"), "well"], [tally("bad"), "not well"], [tally(""), "cancelled"]]
        .filter(([count]) => count > 0).map(([count, words]) => count + " " + words).join(", ");
    $("board-title").textContent = running === 0 ? "Nothing is running" : running === 1 ? "One run now" : running + " runs now";
    $("board-before").hidden = ended.length === 0;
    const columns = ended.reverse().map(column), box = $("board-history");
    if (columns.length !== box.children.length || columns.some((one, i) => !one.isEqualNode(box.children[i])))
        box.replaceChildren(...columns);
    $("board-tally").textContent = `The last ${ended.length}, the newest at the right: ${said}. As high as they were long.`;
}

heard.addEventListener("runs", event => {
    jobs = event.detail;
    if (!watch.begun) return;
    showBefore();
    if (jobs.some(job => job.status === "running" && !cards.has(job.id))) watch.begin();
});

export const board = {
    begin() {
        $("board").hidden = false;
        watch.begin();
        showBefore();
    },
    end() {
        $("board").hidden = true;
        watch.end();
    },
};

new ResizeObserver(() => {
    for (const { box, readings } of cards.values()) readings.show(box.querySelector(".charts"), null);
}).observe($("board"));
